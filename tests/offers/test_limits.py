"""Limits as pure functions: what is allowed, whose counters a use moves, and in which order."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from alliance.clock import SHANGHAI, business_date
from alliance.offers.limits import (
    MOST_BUDGET_FEN,
    MOST_MINUTES,
    MOST_USES,
    UNLIMITED,
    Limits,
    Use,
    Whose,
    add_up,
    counts,
    lock_order,
    moment_of,
    read_limits,
    scope_of,
    second_of,
)
from alliance.refused import Reason

OUTLET = UUID("01890000-0000-7000-8000-00000000000a")
OFFER = UUID("01890000-0000-7000-8000-00000000000b")
AT = datetime(2026, 3, 4, 12, 0, 0, 900_000, tzinfo=SHANGHAI)
ALL = Limits(**dict.fromkeys(Limits.model_fields, 5))


def use(**change) -> Use:
    values = {
        "merchant_id": 1, "offer_id": OFFER, "holder_id": 12, "household_id": 7, "outlet_id": OUTLET,
        "business_date": date(2026, 3, 4), "quantity": 3, "discount_fen": 250, "occurred_at": AT,
    }  # fmt: skip
    return Use(**values | change)


def test_every_limit_moves_one_counter_and_what_all_share_comes_last() -> None:
    second = int(AT.timestamp())
    assert [(c.limit, c.scope, c.amount, c.ceiling, c.reason) for c in counts(ALL, use())] == [
        ("cool_down_minutes", "cooldown:holder:12", second, second - 300, Reason.COOL_DOWN),
        ("holder_ever", "holder:12", 1, 5, Reason.LIMIT_HOLDER),
        ("holder_day", "holder:12:day:2026-03-04", 1, 5, Reason.LIMIT_HOLDER),
        ("holder_month", "holder:12:month:2026-03", 1, 5, Reason.LIMIT_HOLDER),
        ("holder_week", "holder:12:week:2026-W10", 1, 5, Reason.LIMIT_HOLDER),
        ("household_ever", "household:7", 1, 5, Reason.LIMIT_HOUSEHOLD),
        ("household_day", "household:7:day:2026-03-04", 1, 5, Reason.LIMIT_HOUSEHOLD),
        ("household_month", "household:7:month:2026-03", 1, 5, Reason.LIMIT_HOUSEHOLD),
        ("household_week", "household:7:week:2026-W10", 1, 5, Reason.LIMIT_HOUSEHOLD),
        ("outlet_day", f"outlet:{OUTLET.hex}:2026-03-04", 1, 5, Reason.LIMIT_DAY),
        ("units", "units", 3, 5, Reason.LIMIT_TOTAL),
        ("budget_fen", "budget", 250, 5, Reason.LIMIT_BUDGET),
        ("total", "total", 1, 5, Reason.LIMIT_TOTAL),
    ]


def test_without_limits_nothing_is_counted() -> None:
    assert counts(UNLIMITED, use()) == []
    assert UNLIMITED.given() == {}


def test_a_use_without_a_discount_takes_nothing_of_the_budget() -> None:
    assert counts(Limits(budget_fen=5), use(discount_fen=0)) == []


def test_scopes_fit_their_column_however_large_the_ids() -> None:
    most = use(holder_id=2**63 - 1, household_id=2**63 - 1)
    assert max(len(count.scope) for count in counts(ALL, most)) <= 80


def test_the_lock_order_is_the_same_wherever_a_use_comes_from() -> None:
    """An import sorts the counters of many uses; each single use must lie in that order too."""
    scopes = {count.scope for holder in (9, 10, 12) for count in counts(ALL, use(holder_id=holder))}
    together = sorted(scopes, key=lock_order)
    for holder in (9, 10, 12):
        own = [count.scope for count in counts(ALL, use(holder_id=holder))]
        assert own == [scope for scope in together if scope in own]
    assert together[-3:] == ["units", "budget", "total"]


@pytest.mark.parametrize(
    ("limit", "first", "last", "scope"),
    [
        # Days, weeks and months are Shanghai's; week 53 of 2026 ends on 3 January 2027.
        ("holder_day", "2026-12-31T00:00:00", "2026-12-31T23:59:59", "holder:12:day:2026-12-31"),
        ("holder_week", "2026-12-28T00:00:00", "2027-01-03T23:59:59", "holder:12:week:2026-W53"),
        ("holder_week", "2027-01-04T00:00:00", "2027-01-10T23:59:59", "holder:12:week:2027-W01"),
        ("holder_week", "2024-12-30T00:00:00", "2025-01-05T23:59:59", "holder:12:week:2025-W01"),
        ("holder_month", "2028-02-01T00:00:00", "2028-02-29T23:59:59", "holder:12:month:2028-02"),
        ("household_month", "2026-12-01T00:00:00", "2026-12-31T23:59:59", "household:7:month:2026-12"),
    ],
)
def test_periods_begin_and_end_at_midnight_in_shanghai(limit: str, first: str, last: str, scope: str) -> None:
    def at(text: str, seconds: int = 0) -> str | None:
        moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI) + timedelta(seconds=seconds)
        day = business_date(moment.astimezone(UTC))
        return scope_of(limit, Whose(business_date=day, holder_id=12, household_id=7))

    assert at(first) == at(last) == scope
    assert scope not in (at(first, -1), at(last, 1))


def test_nobodys_counters_are_left_out() -> None:
    whose = Whose(business_date=date(2026, 3, 4))
    scopes = {limit: scope_of(limit, whose) for limit in Limits.model_fields}
    assert {limit for limit, scope in scopes.items() if scope} == {"total", "units", "budget_fen"}


def test_a_correction_is_not_held_to_the_cool_down() -> None:
    [count] = counts(Limits(cool_down_minutes=5), use(corrects_id=OFFER))
    assert count.ceiling > count.amount == second_of(AT)


def test_adding_up_keeps_the_latest_moment() -> None:
    counters: dict[str, int] = {}
    for seconds in (0, 60, 30):
        at = AT + timedelta(seconds=seconds)
        add_up(counters, counts(Limits(units=9, cool_down_minutes=1), use(occurred_at=at)))
    assert counters == {"units": 9, "cooldown:holder:12": int(AT.timestamp()) + 60}
    assert moment_of(counters["cooldown:holder:12"]) == AT.replace(microsecond=0) + timedelta(seconds=60)


# --- what can be meant -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "most"),
    [(name, MOST_USES) for name in Limits.model_fields if name not in ("budget_fen", "cool_down_minutes")]
    + [("budget_fen", MOST_BUDGET_FEN), ("cool_down_minutes", MOST_MINUTES)],
)
def test_bounds(limit: str, most: int) -> None:
    assert read_limits({limit: most}).given() == {limit: most}
    for value in (0, -1, most + 1, 10**30, "x", 1.5):
        with pytest.raises(ValidationError):
            read_limits({limit: value})


def test_limits_do_not_change_and_know_no_others() -> None:
    with pytest.raises(ValidationError):
        read_limits({"limit_total": 5})
    with pytest.raises(ValidationError):
        ALL.total = 6


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"holder_day": 2, "holder_week": 1}, ("holder_day", "holder_week")),
        ({"holder_day": 2, "holder_month": 1}, ("holder_day", "holder_month")),
        ({"holder_week": 3, "holder_ever": 2}, ("holder_week", "holder_ever")),
        ({"holder_month": 3, "total": 2}, ("holder_month", "total")),
        ({"holder_ever": 3, "units": 2}, ("holder_ever", "units")),
        ({"household_week": 3, "household_month": 2}, ("household_week", "household_month")),
        ({"household_day": 3, "total": 2}, ("household_day", "total")),
        ({"holder_day": 3, "household_day": 2}, ("holder_day", "household_day")),
        ({"holder_day": 3, "household_month": 2}, ("holder_day", "household_month")),
        ({"outlet_day": 3, "total": 2}, ("outlet_day", "total")),
        ({"total": 3, "units": 2}, ("total", "units")),
        # Above one another, and yet each can bite.
        ({"holder_month": 3, "household_day": 2}, None),
        ({"outlet_day": 1, "holder_day": 2}, None),
        ({"budget_fen": 1, "total": 9}, None),
        (dict.fromkeys(Limits.model_fields, 5), None),
        ({}, None),
    ],
)
def test_a_limit_that_could_never_bite_is_a_mistake(given: dict, found: tuple[str, str] | None) -> None:
    assert Limits(**given).contradiction() == found
