"""The enterprise at a glance: what it sells to members, what its people spend, what waits."""

from dataclasses import dataclass
from datetime import date

from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.facts import Span, signed_facts, total
from alliance.circulation.report import SMALL_GROUP
from alliance.offers.cheaper import unanswered
from alliance.offers.models import CheaperReport
from alliance.offers.states import State
from alliance.people.employment import in_effect
from alliance.people.models import Employment
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.page import page
from alliance.web.enterprise.webhook_lines import endpoints_of
from alliance.web.extensions import db


@dataclass(frozen=True)
class Sums:
    """Net figures of a span; amounts in 分."""

    redemptions: int
    paid_fen: int
    discount_fen: int


@bp.get("")
def overview(enterprise_id: int) -> ResponseReturnValue:
    """The first page after signing in."""
    today = clock.business_date(clock.now())
    month = (clock.month_of(today), today)
    lines = lookups.offers_of(db.session, enterprise_id, today)
    return page(
        "enterprise/overview.html",
        enterprise_id,
        outlets=lookups.outlets_of(db.session, enterprise_id),
        sold_today=sums(db.session, (today, today), merchant_id=enterprise_id),
        sold=sums(db.session, month, merchant_id=enterprise_id),
        spent=spent(db.session, month, enterprise_id),
        employees=headcount(db.session, enterprise_id, today),
        returned=[line for line in lines if line.newest.state == State.RETURNED],
        unanswered=len(
            db.session.scalars(unanswered().where(CheaperReport.merchant_id == enterprise_id)).all()
        ),
        live=[line for line in lines if line.in_force and line.in_force.state == State.LIVE],
        unreachable=[line.endpoint for line in endpoints_of(db.session, enterprise_id) if line.is_given_up],
    )


def sums(session: Session, span: Span, **who: int) -> Sums:
    """What a merchant sold (``merchant_id``) or an employer's people spent (``employer_id``)."""
    facts = signed_facts([span])
    wanted: list[ColumnElement[bool]] = [facts.c[column] == id_ for column, id_ in who.items()]
    sums_of = (total(facts.c[name]) for name in ("redemptions", "paid_fen", "discount_fen"))
    row = session.execute(select(*sums_of).where(*wanted)).one()
    return Sums(*map(int, row))


def spent(session: Session, span: Span, employer_id: int) -> Sums | None:
    """What an employer's people spent; None when so few did that it would tell who."""
    facts = signed_facts([span]).c
    active = (
        select(facts.holder_id)
        .where(facts.employer_id == employer_id)
        .group_by(facts.holder_id)
        .having(total(facts.redemptions) > 0)
        .limit(SMALL_GROUP)
    )
    people = len(session.scalars(active).all())
    return None if 0 < people < SMALL_GROUP else sums(session, span, employer_id=employer_id)


def headcount(session: Session, enterprise_id: int, today: date) -> int:
    """How many people the enterprise employs on a day."""
    return (
        session.scalar(
            select(func.count()).where(Employment.enterprise_id == enterprise_id, in_effect(today))
        )
        or 0
    )
