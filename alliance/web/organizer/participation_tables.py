"""The tables of the page of participation: employers by month, cohorts by how many months later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from alliance.circulation.cohorts import Cohort
from alliance.circulation.entitled import Entitled
from alliance.circulation.measures import share
from alliance.circulation.participation import Line
from alliance.circulation.tables import Node
from alliance.web.organizer.circulation_cells import Row
from alliance.web.organizer.circulation_names import Names
from alliance.web.organizer.downloads import Table, count, ratio


@dataclass(frozen=True)
class ParticipationPage:
    """Employers × months, and cohorts × months later; ``months`` are first days."""

    names: Names
    months: Sequence[date]
    lines: Sequence[Line]
    cohorts: Sequence[Cohort]
    #: Who could have redeemed in the last of the months, by employer.
    entitled: Mapping[Node, Entitled]

    def share(self, line: Line) -> float | None:
        """The share of an employer's entitled people who redeemed in the last month, unless hidden."""
        people, entitled = line.holders[-1], self.entitled.get(line.employer)
        return None if people is None or entitled is None else share(people, entitled.holders)

    @property
    def hides(self) -> bool:
        """Whether something of it is hidden."""
        of_cohorts = (people for cohort in self.cohorts for people in (cohort.holders, *cohort.again))
        return None in of_cohorts or any(None in line.holders for line in self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether nobody has redeemed."""
        return not self.lines

    def employer(self, line: Line) -> str:
        """The name, with the zone for who has moved in between."""
        zone_id, enterprise_id = line.employer
        name = self.names.enterprises[enterprise_id]
        if sum(each.employer[1] == enterprise_id for each in self.lines) == 1:
            return name
        return str(_("%(enterprise)s（%(zone)s）", enterprise=name, zone=self.names.zone(zone_id).name))


def month_words(month: date) -> str:
    """``2026-03``."""
    return f"{month:%Y-%m}"


def returning(cohort: Cohort) -> list[tuple[float | None, bool]]:
    """For each month later the share of the cohort that redeems again, and whether it is hidden."""
    return [
        (None if people is None else share(people, cohort.holders or 0), people is None)
        for people in cohort.again
    ]


def tables_of(page: ParticipationPage, when: str) -> Mapping[str, Table]:
    """The tables as files, by the name that a URL calls them."""
    employers: list[Row] = [
        [
            page.employer(line),
            *(count(people, is_hidden=people is None) for people in line.holders),
            ratio(page.share(line), is_hidden=line.holders[-1] is None),
        ]
        for line in page.lines
    ]
    cohorts: list[Row] = [
        [
            month_words(cohort.month),
            count(cohort.holders, is_hidden=cohort.holders is None),
            *(ratio(part, is_hidden=hides) for part, hides in returning(cohort)),
        ]
        for cohort in page.cohorts
    ]
    later = [_("%(n)s 个月后", n=n) for n in range(1, len(page.months))]
    return {
        "employers": Table(
            _("截至%(when)s各单位活跃持码人", when=when),
            [_("单位"), *map(month_words, page.months), _("参与率（最后一个月）")],
            employers,
        ),
        "cohorts": Table(
            _("截至%(when)s持码人再次核销", when=when),
            [_("首次核销月份"), _("首次核销人数"), *later],
            cohorts,
        ),
    }
