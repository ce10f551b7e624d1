"""``alliance worker``: the background jobs, until stopped."""

import click
from huey.consumer import Consumer

from alliance.cli.context import checked_settings
from alliance.jobs import make_courier, make_jobs


@click.command()
def worker() -> None:
    """只运行后台任务 / run the background jobs alone."""
    settings = checked_settings()
    courier = make_courier(settings)
    courier.start()
    try:
        Consumer(make_jobs(settings), workers=1).run()
    finally:
        courier.stop()
