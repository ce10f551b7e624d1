"""The relations between a grant and what a URL names. Each answers: does this grant reach that far?

``names`` are the URL's arguments. A relation that does not hold ends as the same 404 as a thing that is
not there, so none of them tells the two apart.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Grant, GrantOutlet
from alliance.circulation.models import MonthlyReport
from alliance.clock import business_date
from alliance.enterprises.models import Outlet
from alliance.enterprises.placement import enterprise_zone_on
from alliance.offers.evidence import is_on_show
from alliance.offers.live import was_approved
from alliance.zones.tree import subtree_ids

Relation = Callable[[Session, Grant, Mapping[str, Any], datetime], bool]


def everything(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The grant is not limited to a part of the alliance."""
    return True


def own(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The URL names nothing: the page is about the grant's own holder, outlets or zone (``g.grants``)."""
    return True


def own_enterprise(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """``enterprise_id`` is the grant's."""
    return bool(grant.enterprise_id == names["enterprise_id"])


def own_outlet(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The outlet is one of those the cashier was given."""
    return session.get(GrantOutlet, (names["merchant_id"], names["outlet_id"], grant.id)) is not None


def outlet_of_own_enterprise(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The outlet is the administrator's enterprise's."""
    if grant.enterprise_id != names["merchant_id"]:
        return False
    key = (Outlet.merchant_id == names["merchant_id"], Outlet.id == names["outlet_id"])
    return bool(session.scalar(select(exists().where(*key))))


def merchant_in_zone(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The merchant stands today in the grant's zone or below it."""
    zone = enterprise_zone_on(business_date(at), names["merchant_id"])
    return bool(session.scalar(select(zone.in_(subtree_ids(grant.zone_id)))))  # type: ignore[arg-type]


def own_merchant(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """``merchant_id`` is the grant's enterprise."""
    return bool(grant.enterprise_id == names["merchant_id"])


def on_show(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The picture is an approved offer's, belongs to one of the holder's reports, or was uploaded by him."""
    assert grant.holder_id is not None
    key = (names["merchant_id"], names["picture_id"])
    return is_on_show(session, *key, grant.holder_id, grant.account_id)


def report_in_zone(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The kept report is of the grant's zone or of one below it."""
    report = (MonthlyReport.id == names["kept_id"], MonthlyReport.zone_id.in_(subtree_ids(grant.zone_id)))  # type: ignore[arg-type]
    return bool(session.scalar(select(exists().where(*report))))


def on_offer(session: Session, grant: Grant, names: Mapping[str, Any], at: datetime) -> bool:
    """The offer was approved once: what it says of itself today is the page's to find out."""
    # A poster's code may have been copied wrong; no merchant has a number that the store cannot hold.
    return names["merchant_id"] < 2**63 and was_approved(session, names["merchant_id"], names["offer_id"])
