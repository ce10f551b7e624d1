"""The columns of an offer that say who may use it, when, and beside what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.imports import known
from alliance.imports.fields import (
    HoursOfDay,
    PartyOf,
    Spans,
    Unfit,
    Weekdays,
    YesNo,
    credit_code,
    fold,
    party_of,
    zone_code,
)
from alliance.imports.run import Row
from alliance.imports.words import Problem
from alliance.offers.conditions import Conditions
from alliance.zones.models import Zone

#: The columns of conditions, by the names in ``offers.conditions``.
CONDITIONS = {
    "weekdays": "可用星期",
    "hours": "可用时段",
    "blackouts": "不可用日期",
    "zones": "适用片区",
    "employers": "适用单位",
    "not_employers": "不适用单位",
    "party": "同行人数",
    "exclusive": "不与其他优惠同享",
}


def listed(text: str) -> list[str]:
    """What a cell lists: codes with 、 or white space between them."""
    return [part for part in re.split("[、,;\\s]+", fold(text)) if part]


def _zone_codes(text: str) -> list[str]:
    return [zone_code(part) for part in listed(text)]


def _credit_codes(text: str) -> list[str]:
    return [credit_code(part) for part in listed(text)]


CreditCodes = Annotated[list[str], BeforeValidator(_credit_codes)]


class ConditionsRow(Row):
    """The conditions of a row; an empty cell is none."""

    weekdays: Weekdays = Field((), alias=CONDITIONS["weekdays"])
    hours: HoursOfDay = Field((), alias=CONDITIONS["hours"])
    blackouts: Spans = Field((), alias=CONDITIONS["blackouts"])
    zone_codes: Annotated[list[str], BeforeValidator(_zone_codes)] = Field([], alias=CONDITIONS["zones"])
    employer_codes: CreditCodes = Field([], alias=CONDITIONS["employers"])
    not_employer_codes: CreditCodes = Field([], alias=CONDITIONS["not_employers"])
    party: Annotated[PartyOf, BeforeValidator(party_of)] = Field((None, None), alias=CONDITIONS["party"])
    exclusive: YesNo = Field(False, alias=CONDITIONS["exclusive"])


@dataclass(frozen=True)
class Named:
    """The ids of what conditions name, by code."""

    zones: Mapping[str, int]
    employers: Mapping[str, int]

    @classmethod
    def by(cls, session: Session, rows: Sequence[ConditionsRow]) -> Self:
        """All that these rows name."""
        codes = (code for row in rows for code in (*row.employer_codes, *row.not_employer_codes))
        employers = {code: each.id for code, each in known.enterprises(session, codes).items()}
        return cls(dict(session.execute(select(Zone.code, Zone.id)).all()), employers)

    def conditions(self, row: ConditionsRow) -> Conditions:
        """Those of a row. Raises Unfit for a zone or an enterprise that there is not."""
        for code in row.zone_codes:
            if code not in self.zones:
                raise Unfit(Problem.UNKNOWN_ZONE, CONDITIONS["zones"], code=code)
        for name, codes in (("employers", row.employer_codes), ("not_employers", row.not_employer_codes)):
            if any(code not in self.employers for code in codes):
                raise Unfit(Problem.UNKNOWN_ENTERPRISE, CONDITIONS[name])
        party, people = row.party
        return Conditions(
            weekdays=row.weekdays,
            hours=row.hours,
            blackouts=row.blackouts,
            zones=tuple(self.zones[code] for code in row.zone_codes),
            employers=tuple(self.employers[code] for code in row.employer_codes),
            not_employers=tuple(self.employers[code] for code in row.not_employer_codes),
            party=party,
            people=people,
            exclusive=row.exclusive,
        )
