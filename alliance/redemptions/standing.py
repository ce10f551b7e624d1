"""How things stand at a counter: who shows a pass, where, what is granted; one statement reads it all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Executable,
    LargeBinary,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    func,
    join,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased, outerjoin

from alliance.clock import business_date
from alliance.enterprises.models import Outlet
from alliance.enterprises.placement import outlet_zone_on
from alliance.offers.conditions import ANYBODY, Conditions, Who, read_conditions
from alliance.offers.limits import Limits, read_limits
from alliance.offers.live import NAMED, at_outlet, live, naming, open_to
from alliance.offers.models import Offer, OfferRevision
from alliance.passes.credential import CredentialClass
from alliance.passes.entitlement import (
    SHOWN_COLUMNS,
    Entitlement,
    entitled,
    entitled_by_card,
    entitled_by_device,
    read_entitlement,
)
from alliance.passes.models import Pass, PassDevice, PresentationUse, PrintedCard
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Scan
from alliance.store import built_once, run
from alliance.webhooks.models import EventType
from alliance.webhooks.outbox import wanted
from alliance.zones.tree import zone_and_above


@dataclass(frozen=True)
class Place:
    """The outlet as it stands that day; without a zone it is not open yet."""

    code: str
    name: str
    zone_id: int | None


@dataclass(frozen=True)
class Granted:
    """The revision of the offer that was asked for."""

    offer_code: str
    offer_id: UUID
    revision_id: UUID
    number: int
    title: str
    terms: dict[str, Any]
    limits: Limits
    conditions: Conditions


@dataclass(frozen=True)
class Standing:
    """All that a redemption has to know. ``usable`` are the ids of the revisions to freeze into a scan, and
    ``stands_alone`` is whether one of those is not to be had beside others.

    ``announced`` is whether an endpoint of the merchant wants to be told of a redemption, ``newest`` the
    highest counter that the phone's key has presented with, if it has.
    """

    entitlement: Entitlement
    place: Place
    granted: Granted | None
    usable: list[str]
    stands_alone: bool
    announced: bool
    newest: int | None


def standing(
    session: Session,
    counter: Counter,
    class_: CredentialClass,
    shown: int | bytes,
    offer: str | None,
    at: datetime,
) -> Standing:
    """Everything for a presentation: the offer, if one is asked for, is granted if it is live here today.

    ``shown`` is what this class shows: the status index of a pass, the id of the key of a phone, or the
    ``cti`` of a printed card. Raises Refused as ``read_entitlement`` does.
    """
    return _read(session, _BY_CLASS[class_], {"shown": shown, **_here(counter, at), **naming(offer)}, at)


def standing_of_scan(session: Session, counter: Counter, scan: Scan, offer: str, at: datetime) -> Standing:
    """The same for a scan: the offer is granted if the scan has frozen it. Raises the same.

    Days and hours are those of the scan: what it showed is honoured. A card that was revoked since it was
    scanned is revoked.
    """
    frozen = [UUID(id_) for id_ in scan.revision_ids]
    values = {"revisions": frozen, **_here(counter, at), **naming(offer)}
    if scan.card_id is not None:
        return _read(session, _OF_CARD_SCAN, values | {"shown": scan.card_id}, scan.at)
    return _read(session, _OF_SCAN, values | {"pass": scan.pass_id}, scan.at)


def granted_by(offer_code: str, revision: OfferRevision) -> Granted:
    """The same of a revision that is at hand."""
    return Granted(
        offer_code,
        revision.offer_id,
        revision.id,
        revision.number,
        revision.title,
        revision.terms,
        read_limits(revision.limits),
        read_conditions(revision.conditions),
    )


def _here(counter: Counter, at: datetime) -> dict[str, Any]:
    return {"merchant": counter.merchant_id, "outlet": counter.outlet_id, "day": business_date(at)}


def _read(session: Session, statement: Executable, values: Mapping[str, Any], moment: datetime) -> Standing:
    row = tuple(run(session, statement, values).one())
    code, name, zone_id, announced, newest, revisions = row[:6]
    shown, granted = row[6 : 6 + SHOWN_COLUMNS], row[6 + SHOWN_COLUMNS :]
    holder = read_entitlement(shown)
    usable = _usable(session, _split(revisions or ""), holder, moment)
    return Standing(
        holder,
        Place(code, name, zone_id),
        _read_granted(granted, usable[granted[2]]) if granted[2] in usable else None,
        [str(id_) for id_ in usable],
        any(conditions.exclusive for conditions in usable.values()),
        announced,
        newest,
    )


def _split(revisions: str) -> dict[UUID, Conditions]:
    """The conditions by the id of the revision, out of the text that ``_standing`` has made of them."""
    found = {}
    for line in filter(None, revisions.split("\n")):
        id_, brace, rest = line.partition("{")
        found[UUID(id_)] = ANYBODY if rest == "}" else read_conditions(json.loads(brace + rest))
    return found


def _usable(
    session: Session, revisions: Mapping[UUID, Conditions], holder: Entitlement, moment: datetime
) -> dict[UUID, Conditions]:
    """Those whose conditions let the holder use them at that moment."""
    # Few offers are for a zone only, so the way up the tree is not a part of every counter's statement.
    asks_zone = any(conditions.zones for conditions in revisions.values())
    zone_ids = zone_and_above(session, holder.employer_zone_id) if asks_zone else ()
    who = Who(holder.employer_id, zone_ids)
    return {id_: each for id_, each in revisions.items() if each.refusal(who, moment) is None}


def _read_granted(row: Sequence[Any], conditions: Conditions) -> Granted:
    code, offer_id, revision_id, number, title, terms, limits = row
    return Granted(code, offer_id, revision_id, number, title, terms, read_limits(limits), conditions)


# --- the statements, built once ----------------------------------------------------------------------

_MERCHANT, _OUTLET = bindparam("merchant", type_=BigInteger), bindparam("outlet", type_=Uuid)
_DAY = bindparam("day", type_=Date)

_PLACE = select(
    Outlet.code,
    Outlet.name,
    outlet_zone_on(_DAY, _MERCHANT, _OUTLET),
    wanted(_MERCHANT, EventType.REDEMPTION_CREATED).label("announced"),
).where(Outlet.merchant_id == _MERCHANT, Outlet.id == _OUTLET)
_LIVE_HERE = live(_DAY).where(at_outlet(_MERCHANT, _OUTLET)).order_by(None)
_FROZEN = select(OfferRevision).where(
    OfferRevision.merchant_id == _MERCHANT, OfferRevision.id.in_(bindparam("revisions", expanding=True))
)


def _standing(
    who: Select[*tuple[Any, ...]], revisions: Select[OfferRevision], newest: ColumnElement[Any]
) -> Executable:
    """The outlet, the pass, those of the revisions that are open to its holder, and the one asked for."""
    holder = who.cte("who")
    usable = (
        revisions.where(open_to(select(holder.c.kind).scalar_subquery()))
        .with_only_columns(
            OfferRevision.offer_id,
            OfferRevision.id,
            OfferRevision.number,
            OfferRevision.title,
            OfferRevision.terms,
            OfferRevision.limits,
            OfferRevision.conditions,
        )
        .cte("usable")
    )
    # The id and the JSON of the conditions in a line; JSON of one line is what is stored.
    newline: Any = literal_column("'\n'")
    line = cast(usable.c.id, String) + cast(usable.c.conditions, String)
    ids = select(func.aggregate_strings(line, newline)).subquery("ids")
    granted = join(Offer, usable, (Offer.merchant_id == _MERCHANT) & (Offer.id == usable.c.offer_id) & NAMED)
    # Side by side, each of one row; only the outlet must be there.
    beside: Any = Outlet
    for part in (ids, holder, granted):
        beside = outerjoin(beside, part, true())
    everything = _PLACE.select_from(beside).add_columns(
        newest, *ids.c, *holder.c, Offer.code, *(column for column in usable.c if column.name != "conditions")
    )
    return built_once(everything)


_KEY = bindparam("shown", type_=LargeBinary)
_USED = aliased(PresentationUse, name="used")  # named, because the statement has to be short
_NEWEST = select(func.max(_USED.counter)).where(_USED.key_id == _KEY).scalar_subquery()
_NO_COUNTER: ColumnElement[Any] = null()

_BY_INDEX = _standing(
    entitled(Pass.status_index == bindparam("shown", type_=BigInteger)), _LIVE_HERE, _NO_COUNTER
)
_BY_DEVICE = _standing(entitled_by_device(PassDevice.key_id == _KEY), _LIVE_HERE, _NEWEST)
_CARD = entitled_by_card(PrintedCard.cti == _KEY)
_BY_CARD = _standing(_CARD, _LIVE_HERE, _NO_COUNTER)
_BY_CLASS = {
    CredentialClass.DEVICE: _BY_DEVICE,
    CredentialClass.PRINTED: _BY_CARD,
    CredentialClass.SHORT_LIVED: _BY_INDEX,
}
_OF_SCAN = _standing(entitled(Pass.id == bindparam("pass")), _FROZEN, _NO_COUNTER)
_OF_CARD_SCAN = _standing(_CARD, _FROZEN, _NO_COUNTER)
