"""The model's people and places: who works where, what stands where, and what was held true of it when.

Everything that was ever said is kept, each with the moment at which it was said: ``said`` lists are in that
order. What holds of a day is what was said of it last, up to the moment that is asked about.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.torture.records import Employment, Name, No, Sold, Stay

#: So much earlier or later a transaction may have seen things than its moment says.
MARGIN = timedelta(minutes=10)


@dataclass
class People:
    """``stays`` are of outlets and of employers; ``sponsors`` maps dependants to employees."""

    stays: dict[Name, list[Stay]]
    employments: dict[Name, list[Employment]]
    sponsors: dict[Name, Name]
    passes: list[Name] = field(default_factory=list)  # the holder of each
    revoked: set[int] = field(default_factory=set)

    def zone(self, place: Name, day: date, as_of: datetime | None = None) -> Name:
        """Where an outlet or an employer stands that day, as far as was known then."""
        latest = self.stays[place][0]
        for stay in self.stays[place]:
            if (as_of is None or stay.said <= as_of) and latest.start <= stay.start <= day:
                latest = stay
        return latest.zone

    def employer(self, holder: Name, day: date, as_of: datetime | None = None) -> Name | None:
        """Who employs the holder, or the sponsor, that day."""
        for employment in self.employments[self.sponsors.get(holder, holder)]:
            days = employment.days(as_of)
            if days is not None and days[0] <= day and (days[1] is None or day < days[1]):
                return employment.employer
        return None

    def employment(self, holder: Name, day: date) -> Employment | None:
        """The same, as it is known now."""
        for employment in self.employments[holder]:
            if employment.start <= day and (employment.end is None or day < employment.end):
                return employment
        return None

    def pass_of(self, holder: Name) -> int:
        """The newest, issued if there is none."""
        own = [number for number, whose in enumerate(self.passes) if whose == holder]
        if not own:
            return self.issue(holder)
        if own[-1] in self.revoked:
            raise No("revoked")
        return own[-1]

    def issue(self, holder: Name) -> int:
        self.passes.append(holder)
        return len(self.passes) - 1

    def entitled(self, pass_: int, day: date) -> tuple[Name, Name]:
        """Holder and employer."""
        if pass_ in self.revoked:
            raise No("revoked")
        employer = self.employer(self.passes[pass_], day)
        if employer is None:
            raise No("not_entitled")
        return self.passes[pass_], employer

    # --- what verify may let pass ---

    def zones_then(self, place: Name, day: date, at: datetime) -> set[Name]:
        """The zones that a redemption of that moment may name."""
        return {self.zone(place, day, moment) for moment in self._moments(at)}

    def employers_then(self, sold: Sold, day: date) -> set[Name | None]:
        """The employers that it may name."""
        return {self.employer(sold.holder, day, moment) for moment in self._moments(sold.at)}

    def _moments(self, at: datetime) -> list[datetime]:
        """Every moment within the margin from which on something else was held true, and its beginning."""
        said = {stay.said for stays in self.stays.values() for stay in stays}
        said |= {moment for of in self.employments.values() for e in of for moment, _, _ in e.said}
        first, last = at - MARGIN, at + MARGIN
        return [first, *(moment for moment in said if first < moment <= last)]
