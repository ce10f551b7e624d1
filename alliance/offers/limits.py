"""Limits: how often, how much and how soon again an offer may be used, and which counters a use moves.

Everything here is pure; ``offers.counters`` does it in the store. A limit counts the uses made under
revisions that set it, whichever revision of the offer set it first: a counter belongs to the offer.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, combinations_with_replacement
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from alliance.refused import Reason

#: Far above any offer of a zone, and far below what a column holds, whatever is added to it.
MOST_USES = 1_000_000_000
#: ¥1,000,000,000 in 分.
MOST_BUDGET_FEN = 100_000_000_000
#: A year.
MOST_MINUTES = 366 * 24 * 60

_Uses = Annotated[int, Field(ge=1, le=MOST_USES)]


class Limits(BaseModel):
    """What a revision allows at most; None is no limit.

    ``total`` counts uses, ``units`` pieces (quantity), ``budget_fen`` the discount in 分, ``outlet_day`` uses
    at one outlet on one business date. The others count the uses of one holder, or of one household (an
    employee and the dependants), on a business date, in an ISO week (from Monday), in a month, ever.
    ``cool_down_minutes`` is how long after a use the same holder cannot use the offer again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: _Uses | None = None
    units: _Uses | None = None
    budget_fen: Annotated[int, Field(ge=1, le=MOST_BUDGET_FEN)] | None = None
    outlet_day: _Uses | None = None
    holder_day: _Uses | None = None
    holder_week: _Uses | None = None
    holder_month: _Uses | None = None
    holder_ever: _Uses | None = None
    household_day: _Uses | None = None
    household_week: _Uses | None = None
    household_month: _Uses | None = None
    household_ever: _Uses | None = None
    cool_down_minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = None

    def given(self) -> dict[str, int]:
        """The limits that are set, by their names: what a revision stores."""
        return {name: value for name, value in self if value is not None}

    def contradiction(self) -> tuple[str, str] | None:
        """The names of two limits of which the first is above the second, so that it could never bite."""
        given = self.given()
        pairs = ((small, large) for small, large in _AT_MOST if small in given and large in given)
        return next(((small, large) for small, large in pairs if given[small] > given[large]), None)


#: No limit at all.
UNLIMITED = Limits()

PERIODS = ("day", "week", "month", "ever")
_OF_PEOPLE = tuple(f"{whose}_{period}" for whose in ("holder", "household") for period in PERIODS)
#: Of each pair the first is at most the second.
_AT_MOST = (
    *((f"holder_{short}", f"holder_{long}") for short, long in combinations(PERIODS, 2)),
    *((f"household_{short}", f"household_{long}") for short, long in combinations(PERIODS, 2)),
    *((f"holder_{short}", f"household_{long}") for short, long in combinations_with_replacement(PERIODS, 2)),
    *((limit, most) for limit in (*_OF_PEOPLE, "outlet_day") for most in ("total", "units")),
    ("total", "units"),
)
#: A second later than every use.
_NEVER = 1 << 60

_REASONS = {
    "total": Reason.LIMIT_TOTAL,
    "units": Reason.LIMIT_TOTAL,
    "budget": Reason.LIMIT_BUDGET,
    "outlet": Reason.LIMIT_DAY,
    "holder": Reason.LIMIT_HOLDER,
    "household": Reason.LIMIT_HOUSEHOLD,
    "cool": Reason.COOL_DOWN,
}
#: The order in which every transaction locks the counters of an offer, by the first word of the scope: what
#: one person shares with few comes first, what all share comes last and is held for the shortest time.
_LOCK_ORDER = ("cooldown", "holder", "household", "outlet", "units", "budget", "total")


def reason_of(limit: str) -> Reason:
    """What is said when nothing is left of a limit, by its name (a field of ``Limits``)."""
    return _REASONS[limit.partition("_")[0]]


def read_limits(stored: dict[str, Any]) -> Limits:
    """The limits of a revision. Raises pydantic's ValidationError for what is none."""
    return Limits.model_validate(stored)


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whose counters are meant: on a day, a holder's, a household's, an outlet's; None leaves them out."""

    business_date: date
    holder_id: int | None = None
    household_id: int | None = None
    outlet_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Use(Whose):
    """One use of an offer, in the words of the redemption's row.

    One that corrects another (``corrects_id``) is not held to the cool-down: it happened when the corrected
    one did, and that one was let through.
    """

    merchant_id: int
    offer_id: UUID
    quantity: int
    discount_fen: int
    occurred_at: datetime
    corrects_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """What one use does to one counter: ``amount`` is added, provided that the sum is at most ``ceiling``.

    The counter of a cool-down is a moment (POSIX seconds) and no sum: it becomes ``amount``, provided that it
    is at most ``ceiling``, and never goes back.
    """

    limit: str
    scope: str
    amount: int
    ceiling: int
    reason: Reason

    @property
    def is_moment(self) -> bool:
        """Whether the counter is a moment."""
        return is_moment(self.scope)

    @property
    def room(self) -> int:
        """The most that the counter may hold before this use."""
        return self.ceiling if self.is_moment else self.ceiling - self.amount


def is_moment(scope: str) -> bool:
    """Whether a counter holds the moment of the last use, not a sum."""
    return scope.startswith("cooldown:")


def second_of(at: datetime) -> int:
    """The POSIX second of a moment; cool-downs are kept to the second."""
    return int(at.timestamp() // 1)


def moment_of(second: int) -> datetime:
    """The moment, UTC, at which a POSIX second begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


def scope_of(limit: str, whose: Whose) -> str | None:
    """The scope of the counter of a limit; None where nobody is named whose it would be."""
    name, _, period = limit.partition("_")
    match name:
        case "outlet":
            id_ = whose.outlet_id
            return None if id_ is None else f"outlet:{id_.hex}:{whose.business_date.isoformat()}"
        case "holder" | "household":
            person = whose.holder_id if name == "holder" else whose.household_id
            return None if person is None else f"{name}:{person}{_period(period, whose.business_date)}"
        case "cool":
            return None if whose.holder_id is None else f"cooldown:holder:{whose.holder_id}"
    return name  # total, units, budget: everybody's


def counts(limits: Limits, use: Use) -> list[Count]:
    """What a use does to the counters of the limits that are set, in the order in which they are locked.

    A limit of which the use takes nothing (the budget, without a discount) is left out.
    """
    found = []
    for limit, ceiling in limits.given().items():
        scope = scope_of(limit, use)
        if scope is None:
            continue
        count = Count(limit, scope, _amount(limit, use), ceiling, reason_of(limit))
        if count.is_moment:
            count = replace(count, ceiling=_NEVER if use.corrects_id else count.amount - 60 * ceiling)
        if count.amount:
            found.append(count)
    return sorted(found, key=lambda count: lock_order(count.scope))


def lock_order(scope: str) -> tuple[int, str]:
    """The sort key of the one order in which the counters of an offer are locked."""
    return _LOCK_ORDER.index(scope.partition(":")[0]), scope


def add_up(counters: MutableMapping[str, int], found: Iterable[Count]) -> None:
    """Count uses into ``counters`` (by scope) as the store does, without any ceiling."""
    for count in found:
        before = counters.get(count.scope, 0)
        counters[count.scope] = max(before, count.amount) if count.is_moment else before + count.amount


def _amount(limit: str, use: Use) -> int:
    match limit:
        case "units":
            return use.quantity
        case "budget_fen":
            return use.discount_fen
        case "cool_down_minutes":
            return second_of(use.occurred_at)
    return 1


def _period(period: str, day: date) -> str:
    match period:
        case "day":
            return f":day:{day.isoformat()}"
        case "week":
            week = day.isocalendar()
            return f":week:{week.year}-W{week.week:02d}"
        case "month":
            return f":month:{day.isoformat()[:7]}"
    return ""
