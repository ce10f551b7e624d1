"""What a fact has frozen: household, employer, the zones of employer and outlet, for whom the offer was.

An employment and a zone have two times: the days that they speak of, and the moment at which that was
recorded. A fact is right when it names what was held true of its business date at the moment it was received.
Whatever is recorded afterwards, for that very day or for last month, leaves it right; a fact that names what
was recorded only later, or never, is found.

A change is recorded with the moment at which its transaction began, and seen when that commits; servers'
clocks differ a little. So a fact may name whatever was held true within a margin of its moment. What was
recorded before that was remembered (``BEFORE_RECORDS``) and began on the very day of the fact is let pass
either way, because nobody knows the hour. A correction takes over what the corrected fact has frozen:
``legal_transitions`` compares the two.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, walk
from alliance.clock import BEFORE_RECORDS
from alliance.enterprises.models import EnterpriseZone, OutletZone
from alliance.offers.models import Audience, OfferRevision
from alliance.people.models import Employment, EmploymentChange, Holder
from alliance.redemptions.marks import MARGIN
from alliance.redemptions.models import Channel, Redemption

_EVER = datetime.max.replace(tzinfo=UTC)


def frozen_employers(session: Session) -> Iterator[Finding]:
    """Each redemption's employer employed the household's worker."""
    frozen = _Frozen("frozen_employer", "employer", Redemption.employer_id, (Redemption.household_id,))
    return frozen.compare(session, _careers(session))


def frozen_households(session: Session) -> Iterator[Finding]:
    """Each redemption's household is its holder's: the employee's own, or the sponsor's."""
    household = func.coalesce(Holder.sponsor_id, Holder.id)
    rows = walk(
        session,
        select(Redemption.id, Redemption.household_id, household)
        .join(Holder, Holder.id == Redemption.holder_id)
        .where(Redemption.household_id != household),
    )
    for id_, stored, expected in rows:
        yield Finding("frozen_household", f"redemption {id_}", stored, expected)


def frozen_zones(session: Session) -> Iterator[Finding]:
    """Each redemption's employer and outlet stood in the zones that it names."""
    employer, outlet = (Redemption.employer_id,), (Redemption.merchant_id, Redemption.outlet_id)
    frozen = _Frozen("frozen_zones", "zone of employer", Redemption.employer_zone_id, employer)
    yield from frozen.compare(session, _stays(session, EnterpriseZone, EnterpriseZone.enterprise_id))
    frozen = _Frozen("frozen_zones", "zone of outlet", Redemption.outlet_zone_id, outlet)
    stays = _stays(session, OutletZone, OutletZone.merchant_id, OutletZone.outlet_id)
    yield from frozen.compare(session, stays)


def audiences(session: Session) -> Iterator[Finding]:
    """The holder of each redemption made at a counter is one whom the revision of the offer is for."""
    rows = walk(
        session,
        select(Redemption.id, Redemption.holder_kind, OfferRevision.audience)
        .join(
            OfferRevision,
            (OfferRevision.merchant_id == Redemption.merchant_id)
            & (OfferRevision.id == Redemption.revision_id),
        )
        .where(
            # An import is refused nothing, and is booked under a revision that may be newer than itself.
            Redemption.channel != Channel.IMPORT,
            OfferRevision.audience.not_in([Audience.EVERYONE, Redemption.holder_kind]),
        ),
    )
    for id_, kind, audience in rows:
        yield Finding("offer_audience", f"redemption {id_}", kind, audience)


FROZEN: dict[str, Callable[[Session], Iterator[Finding]]] = {
    "frozen_employer": frozen_employers,
    "frozen_household": frozen_households,
    "frozen_zones": frozen_zones,
    "offer_audience": audiences,
}


class History(Protocol):
    """What was held true of one worker or one place."""

    @property
    def moments(self) -> list[datetime]:
        """When that changed, in order."""
        ...

    def at(self, moment: datetime, day: date) -> set[int]:
        """What was held true of ``day`` at that moment; several, where nobody knows the hour."""
        ...


@dataclass(frozen=True)
class _Frozen:
    """One column of redemptions that was frozen, and the columns that say of whom or of which place."""

    invariant: str
    what: str
    column: Any
    key: tuple[Any, ...]

    def compare(self, session: Session, histories: Mapping[tuple[Any, ...], History]) -> Iterator[Finding]:
        """A finding for each day of each key on which facts name something else."""
        for *key, day, stored, first, last, facts in self._groups(session):
            history = histories.get(tuple(key), _Stays())
            known, is_steady = _held_true(history, day, first, last)
            if is_steady and stored in known:
                continue
            if not is_steady:
                facts = self._wrong_of(session, history, key, day, stored)
            if facts:
                subject = f"{self.what} of {key[-1]} on {day}, {facts} redemptions"
                yield Finding(self.invariant, subject, stored, sorted(known))

    def _groups(self, session: Session) -> Iterator[Any]:
        grain = (*self.key, Redemption.business_date, self.column)
        received = Redemption.received_at
        groups = select(*grain, func.min(received), func.max(received), func.count()).group_by(*grain)
        made = groups.where(Redemption.corrects_id.is_(None))
        return walk(session, made)

    def _wrong_of(self, session: Session, history: History, key: list[Any], day: date, stored: int) -> int:
        """How many facts of a group are wrong, each looked at by itself: something changed meanwhile."""
        of_key = (column == value for column, value in zip(self.key, key, strict=True))
        facts = select(Redemption.received_at).where(
            *of_key,
            Redemption.business_date == day,
            self.column == stored,
            Redemption.corrects_id.is_(None),
        )
        return sum(stored not in _held_true(history, day, at, at)[0] for at in session.scalars(facts))


def _held_true(history: History, day: date, first: datetime, last: datetime) -> tuple[set[int], bool]:
    """What was held true of a day within the margin of a span, and whether that was one thing throughout."""
    since, until = first - MARGIN, last + MARGIN
    moments = history.moments
    changes = moments[bisect_right(moments, since) : bisect_right(moments, until)]
    known = (history.at(moment, day) for moment in [since, *changes])
    return set[int]().union(*known), not changes


@dataclass
class _Stays:
    """The zones of a place as (starts_on, recorded_at, zone id), in this order."""

    rows: list[tuple[date, datetime, int]] = field(default_factory=list)

    @property
    def moments(self) -> list[datetime]:
        return sorted(recorded_at for _, recorded_at, _ in self.rows)

    def at(self, moment: datetime, day: date) -> set[int]:
        rows = [row for row in self.rows if row[0] <= day and row[1] <= moment]
        if not rows:
            return set()
        if rows[-1][:2] == (day, BEFORE_RECORDS):
            return {zone_id for _, _, zone_id in rows[-2:]}
        return {rows[-1][2]}


def _stays(
    session: Session, table: type[EnterpriseZone] | type[OutletZone], *place: Any
) -> Mapping[tuple[Any, ...], _Stays]:
    stays: dict[tuple[Any, ...], _Stays] = defaultdict(_Stays)
    rows = select(*place, table.starts_on, table.recorded_at, table.zone_id).order_by(
        table.starts_on, table.recorded_at
    )
    for *key, starts_on, recorded_at, zone_id in session.execute(rows):
        stays[tuple(key)].rows.append((starts_on, recorded_at, zone_id))
    return stays


@dataclass(frozen=True)
class _Term:
    """From ``since`` until before ``until`` it was held true that somebody worked there on these days."""

    employer_id: int
    starts_on: date
    ends_on: date | None
    since: datetime
    until: datetime

    def holds(self, moment: datetime, day: date) -> bool:
        if not self.since <= moment < self.until or day < self.starts_on:
            return False
        nobody_knows_the_hour = self.since == BEFORE_RECORDS and day == self.ends_on
        return self.ends_on is None or day < self.ends_on or nobody_knows_the_hour


@dataclass
class _Career:
    """All that was ever held true of a worker."""

    terms: list[_Term] = field(default_factory=list)

    @property
    def moments(self) -> list[datetime]:
        return sorted({term.since for term in self.terms} | {term.until for term in self.terms})

    def at(self, moment: datetime, day: date) -> set[int]:
        return {term.employer_id for term in self.terms if term.holds(moment, day)}


def _careers(session: Session) -> Mapping[tuple[Any, ...], _Career]:
    changes: dict[int, list[EmploymentChange]] = defaultdict(list)
    for change in session.scalars(select(EmploymentChange).order_by(EmploymentChange.at)):
        changes[change.employment_id].append(change)
    careers: dict[tuple[Any, ...], _Career] = defaultdict(_Career)
    for (employment,) in walk(session, select(Employment)):
        since, terms = employment.recorded_at, careers[employment.holder_id,].terms
        for change in changes.get(employment.id, ()):
            days = (change.starts_on, change.ends_on)
            terms.append(_Term(employment.enterprise_id, *days, since, change.at))
            since = change.at
        days = (employment.starts_on, employment.ends_on)
        terms.append(_Term(employment.enterprise_id, *days, since, _EVER))
    return careers
