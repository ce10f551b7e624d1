"""The past: who worked where, what stood where and which offers there were, on any day, in a few SELECTs."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alliance.clock import month_of
from alliance.imports import known
from alliance.imports.fields import Unfit
from alliance.imports.words import Problem
from alliance.offers.historical import historical_revision
from alliance.offers.models import Offer, OfferApproval, OfferRevision
from alliance.people.models import Employment, Holder
from alliance.redemptions.months import posted_month_for


class Past:
    """What past redemptions by employees of these employers at these merchants have to freeze."""

    def __init__(
        self, session: Session, employer_codes: Iterable[str], merchant_ids: Collection[int], at: datetime
    ) -> None:
        self._session, self.at = session, at
        self._employers = known.enterprises(session, employer_codes)
        employer_ids = [employer.id for employer in self._employers.values()]
        self._staff: dict[tuple[int, str], list[tuple[Employment, Holder]]] = defaultdict(list)
        staff = select(Employment, Holder).join(Holder, Holder.id == Employment.holder_id)
        for employment, holder in known.select_in(session, staff, Employment.enterprise_id, employer_ids):
            self._staff[employment.enterprise_id, employment.staff_no].append((employment, holder))
        self._enterprise_zones = known.enterprise_zones(session, employer_ids)
        self._outlet_zones = known.outlet_zones(session, merchant_ids)
        self._revisions = _newest_approved(session, merchant_ids)
        self._posted_months: dict[date, date] = {}

    def posted_month(self, day: date) -> date:
        """The month to which a fact of that day is posted; asked once per month, which then stays open."""
        month = month_of(day)
        if month not in self._posted_months:
            self._posted_months[month] = posted_month_for(self._session, month, self.at)
        return self._posted_months[month]

    def employer_id(self, credit_code: str) -> int:
        """Raises Unfit for an enterprise that nobody knows."""
        if credit_code not in self._employers:
            raise Unfit(Problem.UNKNOWN_ENTERPRISE, "统一社会信用代码")
        return self._employers[credit_code].id

    def employee(self, employer_id: int, staff_no: str, day: date) -> Holder:
        """Who had this 工号 that day. Raises Unfit."""
        employments = self._staff.get((employer_id, staff_no))
        if not employments:
            raise Unfit(Problem.UNKNOWN_STAFF, "工号")
        for employment, holder in employments:
            if employment.starts_on <= day and (employment.ends_on is None or day < employment.ends_on):
                return holder
        raise Unfit(Problem.NOT_EMPLOYED_THEN, "工号")

    def employer_zone_id(self, employer_id: int, day: date) -> int:
        """Where the employer stood that day. Raises Unfit."""
        zone_id = self._enterprise_zones[employer_id].on(day)
        if zone_id is None:
            raise Unfit(Problem.ENTERPRISE_WITHOUT_ZONE, "统一社会信用代码")
        return zone_id

    def outlet_zone_id(self, outlet_id: UUID, day: date) -> int:
        """Where the outlet stood that day. Raises Unfit."""
        zone_id = self._outlet_zones[outlet_id].on(day)
        if zone_id is None:
            raise Unfit(Problem.OUTLET_WITHOUT_ZONE, "门店编号")
        return zone_id

    def revision(self, merchant_id: int, offer_code: str | None) -> OfferRevision:
        """The newest approved revision of that offer, or of the merchant's 历史数据. Raises Unfit."""
        key = (merchant_id, offer_code)
        if offer_code is None and key not in self._revisions:
            self._revisions[key] = historical_revision(self._session, merchant_id, self.at)
        if key not in self._revisions:
            raise Unfit(Problem.UNKNOWN_OFFER, "优惠编号", code=offer_code)
        return self._revisions[key]


def _newest_approved(
    session: Session, merchant_ids: Collection[int]
) -> dict[tuple[int, str | None], OfferRevision]:
    """The newest approved revision of each offer, by merchant and 优惠编号, of withdrawn ones too."""
    revision = OfferRevision
    approved = (
        select(Offer.code, revision)
        .join(revision, and_(revision.merchant_id == Offer.merchant_id, revision.offer_id == Offer.id))
        .join(
            OfferApproval,
            and_(OfferApproval.merchant_id == revision.merchant_id, OfferApproval.revision_id == revision.id),
        )
        .order_by(revision.number)
    )
    return {
        (revision.merchant_id, code): revision
        for code, revision in known.select_in(session, approved, Offer.merchant_id, merchant_ids)
    }
