"""A development zone of the size that figures are measured for: who there is before anything is redeemed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy
from sqlalchemy import insert
from sqlalchemy.orm import Session

from alliance.enterprises.credit_code import check_character
from alliance.enterprises.models import Category, Enterprise, EnterpriseZone, Outlet, OutletZone
from alliance.offers.models import Offer, OfferApproval, OfferRevision
from alliance.offers.pricing import Discount
from alliance.passes.models import Pass
from alliance.people.models import Employment, Holder, HolderKind
from alliance.store import Base, new_id, table_of
from alliance.zones.models import Zone

ZONES, MERCHANTS, EMPLOYERS, PEOPLE = 20, 300, 100, 50_000
#: So many employers sell as well: without them nothing would circulate.
BOTH = 80
OFFERS_EACH = 2
FOUNDED = datetime(2023, 12, 1, tzinfo=UTC)
_PAID_PERMILLE = (700, 750, 800, 850, 900, 950)

Numbers = numpy.ndarray[Any, numpy.dtype[numpy.int64]]
Bytes = numpy.ndarray[Any, numpy.dtype[numpy.uint8]]


@dataclass(frozen=True)
class People:
    """One element for each holder; ids count from 1, employees first."""

    employer: Numbers
    household: Numbers
    zone: Numbers

    @property
    def employees(self) -> int:
        """How many of them are no dependants."""
        return int((self.household == numpy.arange(1, len(self.household) + 1)).sum())


@dataclass(frozen=True)
class Shops:
    """One element for each outlet and each of its merchant's offers, so that choosing one chooses both."""

    merchant: Numbers
    zone: Numbers
    outlet: Bytes
    offer: Bytes
    revision: Bytes
    paid_permille: Numbers


def build(session: Session, chance: numpy.random.Generator) -> tuple[People, Shops]:
    """Fill an empty store with zones, enterprises, outlets, offers and holders; the caller commits."""
    _add(session, Zone, [{"id": 1, "code": "220204000000", "name": "开发区", "parent_id": None}])
    _add(
        session,
        Zone,
        [
            {"id": number, "code": f"220204{number:03d}000", "name": f"街道{number:02d}", "parent_id": 1}
            for number in range(2, ZONES + 2)
        ],
    )
    enterprises = MERCHANTS + EMPLOYERS - BOTH
    home = chance.integers(2, ZONES + 2, enterprises)
    categories = list(Category)
    _add(
        session,
        Enterprise,
        [
            {
                "id": number,
                "credit_code": (stem := f"91220204MABEN{number:04d}") + check_character(stem),
                "name": f"企业{number:03d}有限公司",
                "category": categories[number % len(categories)] if number <= MERCHANTS else None,
                "created_at": FOUNDED,
            }
            for number in range(1, enterprises + 1)
        ],
    )
    _add(
        session,
        EnterpriseZone,
        [{"enterprise_id": number, "zone_id": int(zone)} for number, zone in enumerate(home, start=1)],
    )
    shops = _shops(session, chance, home)
    return _people(session, chance, home), shops


def _shops(session: Session, chance: numpy.random.Generator, home: Numbers) -> Shops:
    """Every second merchant has a second outlet, anywhere."""
    outlets = [(merchant, new_id(), int(home[merchant - 1]), 1) for merchant in range(1, MERCHANTS + 1)]
    outlets += [
        (merchant, new_id(), int(chance.integers(2, ZONES + 2)), 2) for merchant in range(1, MERCHANTS, 2)
    ]
    of_outlet = [
        {"merchant_id": merchant, "outlet_id": id_, "zone_id": zone} for merchant, id_, zone, _ in outlets
    ]
    _add(
        session,
        Outlet,
        [
            {
                "merchant_id": merchant,
                "id": id_,
                "code": f"S{number}",
                "name": f"门店{merchant:03d}-{number}",
                "created_at": FOUNDED,
            }
            for merchant, id_, _, number in outlets
        ],
    )
    _add(session, OutletZone, of_outlet)
    offers = {merchant: _offers(session, merchant) for merchant in range(1, MERCHANTS + 1)}
    rows = [(*outlet, *offer) for outlet in outlets for offer in offers[outlet[0]]]
    merchant, outlet, zone, _, offer, revision, paid = zip(*rows, strict=True)
    return Shops(
        numpy.array(merchant),
        numpy.array(zone),
        _bytes(outlet),
        _bytes(offer),
        _bytes(revision),
        numpy.array(paid),
    )


def _offers(session: Session, merchant: int) -> list[tuple[UUID, UUID, int]]:
    offers = []
    for number in range(OFFERS_EACH):
        paid = _PAID_PERMILLE[(merchant + number) % len(_PAID_PERMILLE)]
        offer = Offer(merchant_id=merchant, code=f"M{merchant:03d}-{number}", created_at=FOUNDED)
        session.add(offer)
        session.flush()
        revision = OfferRevision(
            merchant_id=merchant,
            offer_id=offer.id,
            number=1,
            title=f"优惠{number}",
            terms=Discount(pay_permille=paid).model_dump(),
            submitted_at=FOUNDED,
        )
        session.add(revision)
        session.flush()
        session.add(OfferApproval(merchant_id=merchant, revision_id=revision.id, at=FOUNDED))
        offers.append((offer.id, revision.id, paid))
    return offers


def _people(session: Session, chance: numpy.random.Generator, home: Numbers) -> People:
    """Three in four are employees, with a few large employers; the others are of some employee's family."""
    employees = PEOPLE * 3 // 4
    size = 1 / numpy.arange(1, EMPLOYERS + 1) ** 0.7
    first = MERCHANTS - BOTH + 1
    employer = first + chance.choice(EMPLOYERS, employees, p=size / size.sum())
    sponsor = chance.integers(1, employees + 1, PEOPLE - employees)
    household = numpy.concatenate([numpy.arange(1, employees + 1), sponsor])
    employer = numpy.concatenate([employer, employer[sponsor - 1]])
    _add(
        session,
        Holder,
        [
            {
                "id": number,
                "kind": HolderKind.EMPLOYEE if number <= employees else HolderKind.DEPENDANT,
                "name": "某某",
                "phone": f"+86137{number:08d}",
                "sponsor_id": None if number <= employees else int(household[number - 1]),
                "created_at": FOUNDED,
            }
            for number in range(1, PEOPLE + 1)
        ],
    )
    _add(
        session,
        Employment,
        [
            {"holder_id": number, "enterprise_id": int(employer[number - 1]), "staff_no": f"{number:06d}"}
            for number in range(1, employees + 1)
        ],
    )
    _add(
        session,
        Pass,
        [
            {"holder_id": number, "status_index": number, "issued_at": FOUNDED}
            for number in range(1, PEOPLE + 1)
        ],
    )
    return People(employer, household, home[employer - 1])


def _add(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(table_of(model)), rows)


def _bytes(ids: tuple[UUID, ...]) -> Bytes:
    return numpy.frombuffer(b"".join(id_.bytes for id_ in ids), numpy.uint8).reshape(-1, 16)
