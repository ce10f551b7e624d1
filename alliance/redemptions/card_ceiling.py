"""What a holder may pay with printed cards on one business date, at all merchants together.

A card can be copied, and its copy is as good as itself until it is revoked; this bounds what that costs. It
counts what is paid, not what is saved. The counter stands apart from the offers' (``offers.counters``), which
belong to one merchant each, and every transaction locks it before any of those.
"""

from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, and_, select, update
from sqlalchemy.orm import Session

from alliance.chain import Link, Parameter
from alliance.redemptions.models import CardSpending
from alliance.refused import Reason, Refused
from alliance.store import dialect_insert

#: Unless the alliance has decided otherwise (``config.Settings.card_daily_ceiling_fen``).
DEFAULT_FEN = 50_000
#: (holder_id, business_date)
Spender = tuple[int, date]

_KEY = ["holder_id", "business_date"]


def spending(
    session: Session, ceiling_fen: int, who: Spender, paid_fen: int, held_fen: int = 0
) -> list[Link]:
    """The link of a chain that counts a payment by card; none where nothing is paid.

    A link that is not written refuses, and so does this, for a payment that is above the ceiling by itself:
    card_ceiling with ``limit`` and ``left`` in 分. ``held_fen`` is what the counter held before the
    transaction gave back: up to there it may take again.
    """
    if not paid_fen:
        return []
    refusal = partial(_refused, session, ceiling_fen, who)
    room = max(ceiling_fen, held_fen) - paid_fen
    # A new counter has no row for the guard to look at.
    if room < 0:
        raise refusal()
    values = {"holder_id": who[0], "business_date": who[1], "used_fen": paid_fen}
    return [Link(CardSpending, values, _within, refusal, besides={"room": room})]


def hold(session: Session, who: Spender) -> int:
    """Lock a counter, made where it is missing; what it holds, in 分."""
    made = dialect_insert(session, CardSpending).values(holder_id=who[0], business_date=who[1], used_fen=0)
    kept = made.on_conflict_do_update(index_elements=_KEY, set_={"used_fen": CardSpending.used_fen})
    held: int = session.execute(kept.returning(CardSpending.__table__.c.used_fen)).scalar_one()
    return held


def give_back(session: Session, who: Spender, paid_fen: int) -> None:
    """Take a payment, or a part of it, out of its day again."""
    if paid_fen:
        session.execute(
            update(CardSpending)
            .where(_is(who))
            .values(used_fen=CardSpending.used_fen - paid_fen)
            .execution_options(synchronize_session=False)
        )


def left_fen(session: Session, ceiling_fen: int, who: Spender) -> int:
    """What the holder may still pay by card that day; at least 0."""
    used = session.scalar(select(CardSpending.used_fen).where(_is(who))) or 0
    return max(0, ceiling_fen - used)


def _within(insert: Any, parameter: Parameter) -> Any:
    return insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={"used_fen": CardSpending.used_fen + insert.excluded.used_fen},
        where=CardSpending.used_fen <= parameter("room", BigInteger()),
    )


def _is(who: Spender) -> Any:
    return and_(CardSpending.holder_id == who[0], CardSpending.business_date == who[1])


def _refused(session: Session, ceiling_fen: int, who: Spender) -> Refused:
    return Refused(Reason.CARD_CEILING, limit=ceiling_fen, left=left_fen(session, ceiling_fen, who))
