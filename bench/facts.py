"""Facts out of chance, a week at a time, as the rows of PostgreSQL's binary COPY: nothing is done row by row.

People come in a weekly rhythm, more from year to year; half of what they spend stays in their own zone; a few
merchants have most of it. Some is given back, wholly or by half, of the redemption's own business date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy

from bench.zone import PEOPLE, ZONES, Bytes, Numbers, People, Shops

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
#: Of all facts so many are reversals, and of these so many leave nothing of their redemption.
REVERSED, WHOLLY = 0.04, 0.75
#: From Monday on.
_WEEK = (0.8, 0.8, 0.85, 0.9, 1.2, 1.5, 1.3)
_SECOND = 1_000_000
#: PostgreSQL counts from here.
_EPOCH = date(2000, 1, 1)
_UNIX_MS = 946_684_800_000

#: Columns in the order of COPY: a width in bytes for what is bytes, else a type of numpy.
Layout = dict[str, str | int]
_KEY: Layout = {"merchant_id": ">i8", "id": 16}
_AMOUNTS: Layout = {"gross_fen": ">i8", "discount_fen": ">i8", "paid_fen": ">i8"}
_DAYS: Layout = {"occurred_at": ">i8", "business_date": ">i4", "posted_month": ">i4"}
_DIGESTS: Layout = {"body_digest": 32, "digest": 32}
REDEMPTION: Layout = {
    **_KEY,
    **{"outlet_id": 16, "offer_id": 16, "revision_id": 16, "holder_id": ">i8", "household_id": ">i8"},
    **{"holder_kind": -1, "employer_id": ">i8", "employer_zone_id": ">i8", "outlet_zone_id": ">i8"},
    **_AMOUNTS,
    **{"quantity": ">i8", **_DAYS, "received_at": ">i8", "channel": -1},
    **_DIGESTS,
}
REVERSAL: Layout = {
    **_KEY,
    **{"redemption_id": 16, "uses": ">i8", **_AMOUNTS, **_DAYS, "reason": -1, "answer": -1},
    **_DIGESTS,
}


@dataclass(frozen=True)
class Week:
    """Rows for COPY: two lots of redemptions, because a lot's texts are all as long; and the reversals."""

    redemptions: list[bytes]
    reversals: bytes
    rows: int


def weeks(people: People, shops: Shops, chance: numpy.random.Generator, facts: int) -> Iterator[Week]:
    """``facts`` rows in all, from ``FIRST`` to ``LAST``, in the order in which they happened."""
    maker = _Maker(people, shops, chance)
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    weight = numpy.array([_WEEK[day.weekday()] * (1 + number / 1500) for number, day in enumerate(days)])
    counts = chance.multinomial(round(facts * (1 - REVERSED)), weight / weight.sum())
    due = facts - int(counts.sum())
    for start in range(0, len(days), 7):
        these = counts[start : start + 7]
        last = start + 7 >= len(days)
        reversals = due if last else min(due, round(int(these.sum()) * REVERSED / (1 - REVERSED)))
        due -= reversals
        yield maker.week(days[start : start + 7], these, reversals)


class _Maker:
    def __init__(self, people: People, shops: Shops, chance: numpy.random.Generator) -> None:
        self._people, self._shops, self._chance = people, shops, chance
        self._eager = numpy.cumsum(1 / chance.permutation(numpy.arange(10, PEOPLE + 10)) ** 0.5)
        # An outlet is as popular as its merchant; each of its two offers as the other.
        popular = 1 / (chance.permutation(shops.merchant.max() + 1) + 5.0) ** 0.8
        self._popular = popular[shops.merchant]
        self._everywhere = numpy.cumsum(self._popular)
        self._here = [numpy.flatnonzero(shops.zone == zone) for zone in range(ZONES + 2)]

    def week(self, days: list[date], counts: Numbers, reversals: int) -> Week:
        total = int(counts.sum())
        day = numpy.repeat([(one - _EPOCH).days for one in days], counts)
        month = numpy.repeat([(one.replace(day=1) - _EPOCH).days for one in days], counts)
        # Around one o'clock and seven, never near midnight; Shanghai is eight hours ahead.
        hour = numpy.where(self._chance.random(total) < 0.4, 13.0, 19.0)
        second = numpy.clip(self._chance.normal(hour, 1.5, total), 7, 23) * 3600
        at = (day * 86_400 - 8 * 3600) * _SECOND + (second * _SECOND).astype(numpy.int64)
        order = numpy.argsort(at, kind="stable")
        at, day, month = at[order], day[order], month[order]
        holder = numpy.minimum(
            numpy.searchsorted(self._eager, self._chance.random(total) * self._eager[-1]), PEOPLE - 1
        )
        shop = self._shop(self._people.zone[holder])
        gross = numpy.maximum(100, numpy.exp(self._chance.normal(8.3, 0.9, total)).astype(numpy.int64))
        paid = gross * self._shops.paid_permille[shop] // 1000
        columns: dict[str, Any] = {
            "merchant_id": self._shops.merchant[shop],
            "id": self._ids(at),
            "outlet_id": self._shops.outlet[shop],
            "offer_id": self._shops.offer[shop],
            "revision_id": self._shops.revision[shop],
            "holder_id": holder + 1,
            "household_id": self._people.household[holder],
            "employer_id": self._people.employer[holder],
            "employer_zone_id": self._people.zone[holder],
            "outlet_zone_id": self._shops.zone[shop],
            "gross_fen": gross,
            "discount_fen": gross - paid,
            "paid_fen": paid,
            "quantity": 1,
            "occurred_at": at,
            "business_date": day,
            "posted_month": month,
            "received_at": at,
            "channel": b"import",
            "body_digest": self._chance.integers(0, 256, (total, 32), numpy.uint8),
            "digest": self._chance.integers(0, 256, (total, 32), numpy.uint8),
        }
        back = self._back(columns, self._chance.choice(total, reversals, replace=False))
        employee = columns["household_id"] == columns["holder_id"]
        lots = [
            _rows(REDEMPTION, columns | {"holder_kind": kind}, numpy.flatnonzero(chosen))
            for kind, chosen in ((b"employee", employee), (b"dependant", ~employee))
        ]
        return Week(lots, _rows(REVERSAL, back, numpy.arange(reversals)), total + reversals)

    def _back(self, columns: dict[str, Any], of: Numbers) -> dict[str, Any]:
        wholly = self._chance.random(len(of)) < WHOLLY
        amounts = {name: columns[name][of] for name in ("gross_fen", "discount_fen")}
        amounts = {name: -numpy.where(wholly, fen, fen // 2) for name, fen in amounts.items()}
        at = columns["occurred_at"][of] + self._chance.integers(60, 3 * 86_400, len(of)) * _SECOND
        return {
            "merchant_id": columns["merchant_id"][of],
            "id": self._ids(at),
            "redemption_id": columns["id"][of],
            "uses": -wholly.astype(numpy.int64),
            **amounts,
            "paid_fen": amounts["gross_fen"] - amounts["discount_fen"],
            "occurred_at": at,
            "business_date": columns["business_date"][of],
            "posted_month": columns["posted_month"][of],
            "reason": "退货".encode(),
            "answer": b"{}",
            "body_digest": columns["body_digest"][of],
            "digest": columns["digest"][of],
        }

    def _shop(self, zone: Numbers) -> Numbers:
        """Somewhere, by popularity; every second time in the holder's own zone, if anybody sells there."""
        chosen = numpy.searchsorted(self._everywhere, self._chance.random(len(zone)) * self._everywhere[-1])
        at_home = self._chance.random(len(zone)) < 0.5
        for number, here in enumerate(self._here):
            these = numpy.flatnonzero(at_home & (zone == number))
            if len(here) and len(these):
                popular = self._popular[here]
                chosen[these] = self._chance.choice(here, len(these), p=popular / popular.sum())
        chosen = numpy.minimum(chosen, len(self._popular) - 1)
        return numpy.asarray(chosen, numpy.int64)

    def _ids(self, at: Numbers) -> Bytes:
        """UUIDv7: milliseconds, the version, chance."""
        ids = self._chance.integers(0, 256, (len(at), 16), numpy.uint8)
        milliseconds = (at // 1000 + _UNIX_MS).astype(">u8")
        ids[:, :6] = milliseconds.view(numpy.uint8).reshape(-1, 8)[:, 2:]
        ids[:, 6] = ids[:, 6] & 0x0F | 0x70
        ids[:, 8] = ids[:, 8] & 0x3F | 0x80
        return ids


def _rows(layout: Layout, columns: dict[str, Any], chosen: Numbers) -> bytes:
    """The chosen rows as tuples of binary COPY: a count of fields, then each with its length before it."""
    fields: list[Any] = [("fields", ">i2")]
    for name, type_ in layout.items():
        fields += [(f"{name}_length", ">i4"), (name, _type(type_, columns[name]))]
    rows = numpy.zeros(len(chosen), numpy.dtype(fields))
    rows["fields"] = len(layout)
    for name in layout:
        values = columns[name]
        rows[f"{name}_length"] = rows.dtype[name].itemsize
        rows[name] = values[chosen] if isinstance(values, numpy.ndarray) else values
    return rows.tobytes()


def _type(type_: str | int, values: Any) -> Any:
    if isinstance(type_, str):
        return type_
    return f"S{len(values)}" if type_ < 0 else (numpy.uint8, type_)
