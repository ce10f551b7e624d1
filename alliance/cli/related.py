"""``alliance related``: which enterprises are related parties."""

import click
from sqlalchemy import select
from sqlalchemy.orm import aliased

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.related import part, relate
from alliance.cli import lookup
from alliance.cli.context import session_scope
from alliance.cli.tables import write_table
from alliance.enterprises.models import Enterprise, RelatedParties


@click.group()
def related() -> None:
    """关联企业：之间的消费不算跨企业 / related parties, whose flows do not count as crossing."""


@related.command("list")
def show() -> None:
    """列出 / list them."""
    one, other = aliased(Enterprise), aliased(Enterprise)
    with session_scope(writes=False) as session:
        pairs = session.execute(
            select(one.credit_code, one.name, other.credit_code, other.name)
            .select_from(RelatedParties)
            .join(one, one.id == RelatedParties.enterprise_id)
            .join(other, other.id == RelatedParties.related_id)
            .order_by(one.name, other.name)
        )
        write_table([tuple(pair) for pair in pairs])


@related.command()
@click.argument("code")
@click.argument("other_code")
def add(code: str, other_code: str) -> None:
    """登记两家关联企业（统一社会信用代码） / record two, by their credit codes."""
    with session_scope() as session:
        one, other = lookup.enterprise(session, code), lookup.enterprise(session, other_code)
        try:
            done = relate(session, one, other, COMMAND_LINE, clock.now())
        except ValueError:
            raise click.ClickException("同一家企业 / the same enterprise") from None
        session.commit()
    click.echo("已登记 / recorded" if done else "此前已登记 / on record already")


@related.command()
@click.argument("code")
@click.argument("other_code")
def remove(code: str, other_code: str) -> None:
    """取消登记 / they are strangers again."""
    with session_scope() as session:
        one, other = lookup.enterprise(session, code), lookup.enterprise(session, other_code)
        done = part(session, one, other, COMMAND_LINE, clock.now())
        session.commit()
    click.echo("已取消 / removed" if done else "没有登记 / not on record")
