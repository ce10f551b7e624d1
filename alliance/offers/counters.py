"""The counters of limits: moved by one conditional statement each, never by looking first and writing later.

Every transaction locks the counters of an offer in one order (``limits.lock_order``): the holder's, the
household's, the outlet's, and last what everybody shares, so that no two can wait in a circle.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from alliance.chain import Link, Parameter
from alliance.clock import SINCE_EVER, business_date
from alliance.offers.limits import (
    Count,
    Limits,
    Use,
    Whose,
    counts,
    lock_order,
    moment_of,
    read_limits,
    scope_of,
    second_of,
)
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.refused import Reason, Refused
from alliance.store import dialect_insert

#: (merchant_id, offer_id)
OfferKey = tuple[int, UUID]

_KEY = ["merchant_id", "offer_id", "scope"]
#: Rows in one statement of a bulk count.
_BATCH = 2000


def hold(session: Session, limits: Limits, *uses: Use) -> dict[str, int]:
    """Lock every counter that one of these uses of a revision moves, in the one order.

    Returns what is used, by scope. For what gives back and takes again in one transaction, which would
    otherwise go through them twice.
    """
    found = {count.scope: use for use in uses for count in counts(limits, use)}
    held = {}
    for scope in sorted(found, key=lock_order):
        use = found[scope]
        here = {"merchant_id": use.merchant_id, "offer_id": use.offer_id, "scope": scope}
        # It is made where it is missing: two who make it would wait for each other like two who lock it.
        made = dialect_insert(session, LimitCounter).values(here | {"used": 0})
        kept = made.on_conflict_do_update(index_elements=_KEY, set_={"used": LimitCounter.used})
        held[scope] = session.execute(kept.returning(LimitCounter.__table__.c.used)).scalar_one()
    return held


def taking(
    session: Session, limits: Limits, use: Use, held: Mapping[str, int] = MappingProxyType({})
) -> list[Link]:
    """The last links of a chain: they count a use against every limit of its revision.

    A link that is not written refuses, and so does this, for a use that is larger than a limit by itself.
    limit_total, limit_budget, limit_day, limit_holder, limit_household come with ``kind`` (the limit's name),
    ``limit`` and ``left`` (分 for the budget); cool_down with ``limit`` (minutes) and ``again_at``, from when
    on the holder may use the offer again. ``held`` is what counters held before the transaction gave back:
    up to there it may take again, whatever the limit.
    """
    links = []
    for count in counts(limits, use):
        refusal = partial(_refused, session, limits, use, count)
        room = _room(count, held)
        # A new counter has no row for the guard to look at, so a use that is too large alone is stopped here.
        if room < 0:
            raise refusal()
        values = {
            "merchant_id": use.merchant_id,
            "offer_id": use.offer_id,
            "scope": count.scope,
            "used": count.amount,
        }
        move = _to_the_moment if count.is_moment else _by_the_amount
        links.append(Link(LimitCounter, values, move, refusal, besides={"room": room}))
    return links


def would_refuse(limits: Limits, use: Use, left: "Remaining") -> Reason | None:
    """What ``taking`` would refuse a use with, as things stand: the same limit, though nothing is locked."""
    found = counts(limits, use)
    too_large = [count for count in found if count.room < 0]
    return next((count.reason for count in too_large or found if not left.suffices(count)), None)


def give_back(
    session: Session, revision: OfferRevision, use: Use, last_use: Callable[[], datetime | None]
) -> None:
    """Undo a ``taking``, when a redemption is void: uses, units, and ``use.discount_fen`` to the budget.

    The cool-down goes back to ``last_use()``, the holder's last use of the offer that stands under a
    revision with a cool-down; it is asked for when the counter is locked, so that two reversals cannot miss
    each other.
    """
    for count in counts(read_limits(revision.limits), use):
        here = _counter(use, count.scope)
        if count.is_moment:
            session.execute(select(LimitCounter.used).where(here).with_for_update())
            last = last_use()
            _set(session, here, 0 if last is None else second_of(last))
        else:
            _set(session, here, LimitCounter.used - count.amount)


def give_back_discount(session: Session, revision: OfferRevision, use: Use) -> None:
    """Give ``use.discount_fen`` back to the budget, and nothing else: a part was refunded, the use stands."""
    for count in counts(read_limits(revision.limits), use):
        if count.limit == "budget_fen":
            _set(session, _counter(use, count.scope), LimitCounter.used - count.amount)


def count_in_bulk(session: Session, counters: Mapping[OfferKey, Mapping[str, int]]) -> None:
    """Add to the counters (offer → scope → used, as ``limits.add_up`` makes them) whatever their ceilings."""
    ordered = [
        {"merchant_id": merchant_id, "offer_id": offer_id, "scope": scope, "used": used}
        for (merchant_id, offer_id), scopes in sorted(counters.items())
        for scope, used in sorted(scopes.items(), key=lambda item: lock_order(item[0]))
    ]
    for start in range(0, len(ordered), _BATCH):
        statement = dialect_insert(session, LimitCounter).values(ordered[start : start + _BATCH])
        more = statement.excluded.used
        summed = case((LimitCounter.scope.like("cooldown:%"), _later(more)), else_=LimitCounter.used + more)
        session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_={"used": summed}))


@dataclass(frozen=True)
class View:
    """Who looks at what is left: when, and maybe which holder, of which household, at which outlet."""

    at: datetime
    holder_id: int | None = None
    household_id: int | None = None
    outlet_id: UUID | None = None

    @property
    def whose(self) -> Whose:
        """Whose counters those are."""
        return Whose(
            business_date=business_date(self.at),
            holder_id=self.holder_id,
            household_id=self.household_id,
            outlet_id=self.outlet_id,
        )


@dataclass(frozen=True)
class Remaining:
    """What is left of the limits that are set, by limit; at least 0, and 分 for the budget.

    ``again_at`` is when the holder's cool-down ends, while it runs; UTC.
    """

    left: Mapping[str, int] = field(default_factory=dict)
    again_at: datetime | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left of one of the limits."""
        return 0 in self.left.values()

    def suffices(self, count: Count) -> bool:
        """Whether there is enough for one count of a use."""
        if count.is_moment:
            return self.again_at is None
        return count.amount <= self.left[count.limit]


def remaining(
    session: Session, revisions: Sequence[OfferRevision], view: View | None = None
) -> list[Remaining]:
    """What is left under each of these revisions; one statement.

    Without a holder, a household or an outlet in the view, their limits are left out.
    """
    asked = [_scopes(read_limits(revision.limits), view) for revision in revisions]
    used = _used(session, revisions, {scope for scopes in asked for scope in scopes.values()})
    return [
        _remaining(revision, scopes, used, view) for revision, scopes in zip(revisions, asked, strict=True)
    ]


def overspent(session: Session, offer: OfferKey, limits: Limits) -> str | None:
    """The name of a limit for everybody (total, units, budget) of which more is used already."""
    scopes, given = _scopes(limits, None), limits.given()
    here = (LimitCounter.merchant_id == offer[0], LimitCounter.offer_id == offer[1])
    counters = select(LimitCounter.scope, LimitCounter.used).where(
        *here, LimitCounter.scope.in_(scopes.values())
    )
    used = dict(session.execute(counters).all())
    return next((limit for limit, scope in scopes.items() if given[limit] < used.get(scope, 0)), None)


def _room(count: Count, held: Mapping[str, int]) -> int:
    """The most that a counter may hold for this use to be counted."""
    before = held.get(count.scope)
    if before is None:
        return count.room
    return max(count.room, before if count.is_moment else before - count.amount)


def _by_the_amount(insert: Any, parameter: Parameter) -> Any:
    return _moved(insert, LimitCounter.used + insert.excluded.used, parameter)


def _to_the_moment(insert: Any, parameter: Parameter) -> Any:
    return _moved(insert, _later(insert.excluded.used), parameter)


def _moved(insert: Any, used: ColumnElement[int], parameter: Parameter) -> Any:
    """What makes a limit a limit is ``where``: the condition under which its counter may be moved."""
    where = LimitCounter.used <= parameter("room", BigInteger())
    return insert.on_conflict_do_update(index_elements=_KEY, set_={"used": used}, where=where)


def _later(second: ColumnElement[int]) -> ColumnElement[int]:
    """The later of a cool-down's counter and another moment; the databases name the function differently."""
    return case((LimitCounter.used > second, LimitCounter.used), else_=second)


def _counter(use: Use, scope: str) -> ColumnElement[bool]:
    return and_(
        LimitCounter.merchant_id == use.merchant_id,
        LimitCounter.offer_id == use.offer_id,
        LimitCounter.scope == scope,
    )


def _set(session: Session, here: ColumnElement[bool], used: Any) -> None:
    session.execute(
        update(LimitCounter).where(here).values(used=used).execution_options(synchronize_session=False)
    )


def _refused(session: Session, limits: Limits, use: Use, count: Count) -> Refused:
    """The refusal with what the counter says; only somebody who is turned down pays for this look."""
    used = session.scalar(select(LimitCounter.used).where(_counter(use, count.scope))) or 0
    limit = limits.given()[count.limit]
    if count.reason is Reason.COOL_DOWN:
        return Refused(count.reason, limit=limit, again_at=moment_of(used + 60 * limit))
    return Refused(count.reason, kind=count.limit, limit=limit, left=max(0, limit - used))


def _scopes(limits: Limits, view: View | None) -> dict[str, str]:
    """The scopes to look at, by limit."""
    # What belongs to everybody has no day in its scope.
    whose = view.whose if view else Whose(business_date=SINCE_EVER)
    scopes = {limit: scope_of(limit, whose) for limit in limits.given()}
    return {limit: scope for limit, scope in scopes.items() if scope is not None}


def _used(
    session: Session, revisions: Iterable[OfferRevision], scopes: set[str]
) -> dict[tuple[int, UUID, str], int]:
    if not scopes:
        return {}
    rows = session.execute(
        select(LimitCounter.merchant_id, LimitCounter.offer_id, LimitCounter.scope, LimitCounter.used).where(
            LimitCounter.merchant_id.in_({revision.merchant_id for revision in revisions}),
            LimitCounter.offer_id.in_({revision.offer_id for revision in revisions}),
            LimitCounter.scope.in_(scopes),
        )
    )
    return {(merchant_id, offer_id, scope): used for merchant_id, offer_id, scope, used in rows}


def _remaining(
    revision: OfferRevision,
    scopes: Mapping[str, str],
    used: Mapping[tuple[int, UUID, str], int],
    view: View | None,
) -> Remaining:
    left: dict[str, int] = {}
    again_at = None
    given = read_limits(revision.limits).given()
    for limit, scope in scopes.items():
        counted = used.get((revision.merchant_id, revision.offer_id, scope), 0)
        if limit != "cool_down_minutes":
            left[limit] = max(0, given[limit] - counted)
        elif view is not None and counted:
            ends = moment_of(counted + 60 * given[limit])
            again_at = ends if ends > view.at else None
    return Remaining(left, again_at)
