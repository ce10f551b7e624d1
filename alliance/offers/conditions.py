"""Conditions: for whose employees, on which days, at which hours, with how many, and beside which offers.

Everything here is pure. Days and hours are Shanghai's. A scan freezes what may be used at its moment; a
redemption of it is judged by that moment, however late it is made.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alliance import clock
from alliance.refused import Reason

DAY_MINUTES = 24 * 60
#: More than anybody writes, and little enough to read at every scan.
MOST_WINDOWS, MOST_SPANS, MOST_NAMED = 6, 30, 200
#: The longest that the name of days may be (春节).
NAME_LENGTH = 20
MOST_PEOPLE = 99
#: So far ahead is looked for the next time that an offer can be used.
_AHEAD = timedelta(days=366)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hours(_Frozen):
    """From ``start`` until before ``end``, in minutes after midnight; past midnight when ``end`` is less."""

    start: int = Field(ge=0, lt=DAY_MINUTES)
    end: int = Field(gt=0, le=DAY_MINUTES)

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.start == self.end:
            raise ValueError("from = to")
        return self

    @property
    def passes_midnight(self) -> bool:
        """Whether it ends on the day after it began."""
        return self.end < self.start


class Span(_Frozen):
    """Days on which the offer is not to be had, both included; ``name`` is what they are called, maybe."""

    first: date
    last: date
    name: str = Field("", max_length=NAME_LENGTH)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("last < first")
        return self


class Party(StrEnum):
    """Who sits at the table: the holder only, so many people, or everybody. The cashier is told."""

    HOLDER = "holder"
    PEOPLE = "people"
    TABLE = "table"


class Conditions(_Frozen):
    """Of a revision; what is empty does not matter.

    ``weekdays`` are ISO's (1 is Monday). A window that passes midnight belongs to the weekday on which it
    began; a blackout is of the calendar day. ``zones`` are ids, each with its subtree, of the holder's
    employer; ``employers`` are let in besides, ``not_employers`` kept out in any case.
    """

    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(max_length=7)] = ()
    hours: Annotated[tuple[Hours, ...], Field(max_length=MOST_WINDOWS)] = ()
    blackouts: Annotated[tuple[Span, ...], Field(max_length=MOST_SPANS)] = ()
    zones: Annotated[tuple[int, ...], Field(max_length=MOST_NAMED)] = ()
    employers: Annotated[tuple[int, ...], Field(max_length=MOST_NAMED)] = ()
    not_employers: Annotated[tuple[int, ...], Field(max_length=MOST_NAMED)] = ()
    party: Party | None = None
    people: int | None = Field(None, ge=2, le=MOST_PEOPLE)
    exclusive: bool = False

    @model_validator(mode="after")
    def _counts_its_people(self) -> Self:
        if (self.party is Party.PEOPLE) != (self.people is not None):
            raise ValueError("people go with the party of people")
        return self

    def given(self) -> dict[str, Any]:
        """What is set, as JSON: what a revision stores."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def is_open_at(self, at: datetime) -> bool:
        """Whether the days and hours are right."""
        local = clock.local(at)
        day, minute = local.date(), local.hour * 60 + local.minute
        if self._is_black(day):
            return False
        return any(self._is_weekday(began) for began in self._began(day, minute))

    def is_usable_on(self, day: date) -> bool:
        """Whether there is an hour of a day at which it can be used."""
        if self._is_black(day):
            return False
        began_before = any(window.passes_midnight for window in self.hours)
        return self._is_weekday(day) or (began_before and self._is_weekday(day - timedelta(days=1)))

    def opens_at(self, at: datetime, last: date | None) -> datetime | None:
        """The first moment from ``at`` on at which the days and hours are right, UTC; None up to ``last``.

        Without a last day it is looked for within a year.
        """
        if self.is_open_at(at):
            return at
        today = clock.business_date(at)
        starts = sorted({0, *(window.start for window in self.hours)})
        for day in clock.days(today, min(last or date.max, today + _AHEAD)):
            for minutes in starts:
                moment = clock.start_of(day) + timedelta(minutes=minutes)
                if moment > at and self.is_open_at(moment):
                    return moment
        return None

    def is_open_to(self, employer_id: int, zone_ids: Collection[int]) -> bool:
        """Whether the staff of an employer may use it; ``zone_ids`` are its zone and all above that."""
        if employer_id in self.not_employers:
            return False
        if not self.zones and not self.employers:
            return True
        return employer_id in self.employers or any(zone in zone_ids for zone in self.zones)

    def refusal(self, who: "Who", at: datetime) -> Reason | None:
        """Why it cannot be used by somebody at a moment; None where it can."""
        if not self.is_open_to(who.employer_id, who.zone_ids):
            return Reason.OFFER_NOT_FOR_EMPLOYER
        return None if self.is_open_at(at) else Reason.OFFER_NOT_NOW

    def flaw(self, first: date, last: date | None) -> tuple[str, str] | None:
        """The field and the problem of conditions that nobody can mean, from ``first`` to ``last``."""
        if set(self.employers) & set(self.not_employers):
            return "not_employers", "in_and_out"
        if last is None or self._is_usable_within(first, last):
            return None
        without_blackouts = self.model_copy(update={"blackouts": ()})
        return ("blackouts" if without_blackouts._is_usable_within(first, last) else "weekdays"), "never"

    def may_meet(self, other: "Conditions") -> bool:
        """Whether there may be a moment of the week at which both can be used; blackouts do not count."""
        if any(window.passes_midnight for window in (*self.hours, *other.hours)):
            return True
        days = set(self.weekdays or range(1, 8)) & set(other.weekdays or range(1, 8))
        return bool(days) and any(
            mine.start < theirs.end and theirs.start < mine.end
            for mine in self.hours or (_ALL_DAY,)
            for theirs in other.hours or (_ALL_DAY,)
        )

    def _began(self, day: date, minute: int) -> Iterator[date]:
        """The days on which those windows began that are open at a minute of a day."""
        for window in self.hours or (_ALL_DAY,):
            if window.start <= minute and (window.passes_midnight or minute < window.end):
                yield day
            elif window.passes_midnight and minute < window.end:
                yield day - timedelta(days=1)

    def _is_weekday(self, day: date) -> bool:
        return not self.weekdays or day.isoweekday() in self.weekdays

    def _is_black(self, day: date) -> bool:
        return any(span.first <= day <= span.last for span in self.blackouts)

    def _is_usable_within(self, first: date, last: date) -> bool:
        return any(self.is_usable_on(day) for day in clock.days(first, last))


#: No condition at all.
ANYBODY = Conditions()
_ALL_DAY = Hours(start=0, end=DAY_MINUTES)


@dataclass(frozen=True)
class Who:
    """Who wants to use an offer: of which employer, in which zone; ``zone_ids`` are that and all above it."""

    employer_id: int
    zone_ids: Collection[int] = ()


def read_conditions(stored: dict[str, Any]) -> Conditions:
    """The conditions of a revision. Raises pydantic's ValidationError for what is none."""
    return Conditions.model_validate(stored) if stored else ANYBODY
