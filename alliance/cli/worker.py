"""``alliance worker``: the background jobs, until stopped."""

import click
from huey.consumer import Consumer

from alliance.cli.context import checked_settings
from alliance.jobs import make_jobs


@click.command()
def worker() -> None:
    """只运行后台任务 / run the background jobs alone."""
    Consumer(make_jobs(checked_settings()), workers=1).run()
