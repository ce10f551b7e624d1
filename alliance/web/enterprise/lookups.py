"""The enterprise's offers, outlets, cashiers and tokens; another enterprise's are not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from uuid import UUID

from flask import abort
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account, ApiToken, Grant, GrantOutlet, Role
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers import historical
from alliance.offers.models import Offer, OfferRevision, OfferRevisionOutlet
from alliance.people.phones import mask_name, mask_phone
from alliance.web.offer_lines import OfferLine, offer_lines
from alliance.zones.models import Zone


def offers_of(session: Session, merchant_id: int, today: date) -> list[OfferLine]:
    """The merchant's offers, the newest first; the one for 历史数据 is the system's and is left out."""
    offers = session.scalars(
        select(Offer)
        .where(Offer.merchant_id == merchant_id, Offer.code != historical.CODE)
        .order_by(Offer.created_at.desc(), Offer.id.desc())
    ).all()
    return offer_lines(session, offers, today)


def offer_or_404(session: Session, merchant_id: int, offer_id: UUID, today: date) -> OfferLine:
    """One of the merchant's offers."""
    offer = session.get(Offer, (merchant_id, offer_id))
    if offer is None or offer.code == historical.CODE:
        abort(404)
    return offer_lines(session, [offer], today)[0]


def outlets_of(session: Session, merchant_id: int) -> Sequence[Outlet]:
    """The merchant's outlets, by their code."""
    return session.scalars(
        select(Outlet).where(Outlet.merchant_id == merchant_id).order_by(Outlet.code)
    ).all()


def outlet_ids_of(session: Session, revision: OfferRevision) -> Sequence[UUID]:
    """The outlets to which a revision is limited."""
    return session.scalars(
        select(OfferRevisionOutlet.outlet_id).where(
            OfferRevisionOutlet.merchant_id == revision.merchant_id,
            OfferRevisionOutlet.revision_id == revision.id,
        )
    ).all()


def zone_names(session: Session) -> dict[int, str]:
    """Every zone's name by id, by code: what is below another follows it."""
    return dict(session.execute(select(Zone.id, Zone.name).order_by(Zone.code)).all())


def employers_named(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The ids of the enterprises with these names or credit codes; what nobody has is left out.

    Brackets may be typed half-width, as the registered name has them full-width.
    """
    wanted = {text for name in names for text in (name, _wide(name), name.upper())}
    found: dict[str, int] = {}
    for id_, name, code in session.execute(
        select(Enterprise.id, Enterprise.name, Enterprise.credit_code).where(
            or_(Enterprise.name.in_(wanted), Enterprise.credit_code.in_(wanted))
        )
    ):
        found |= {name: id_, code: id_}
    return {
        name: found[text] for name in names for text in (name, _wide(name), name.upper()) if text in found
    }


def _wide(name: str) -> str:
    return name.replace("(", "（").replace(")", "）")


def codes_of(session: Session, merchant_id: int) -> set[str]:
    """The codes that cannot be given again, 历史数据 included."""
    used = session.scalars(select(Offer.code).where(Offer.merchant_id == merchant_id))
    return {historical.CODE, *used}


def free_code(taken: Collection[str], today: date) -> str:
    """A 优惠编号 that is not taken: year and month, then a number (``2603-01``)."""
    return next(code for n in count(1) if (code := f"{today:%y%m}-{n:02d}") not in taken)


@dataclass(frozen=True)
class CashierLine:
    """A cashier at an outlet; name and phone are masked, because anybody's number can be added."""

    grant_id: int
    outlet_id: UUID
    outlet: str
    name: str
    phone: str
    since: datetime


def cashiers_of(session: Session, merchant_id: int) -> list[CashierLine]:
    """Who may cash at the merchant's outlets, by outlet, then by age."""
    rows = session.execute(
        select(Grant.id, Outlet.id, Outlet.name, Account.name, Account.phone, GrantOutlet.granted_at)
        .join(Grant, Grant.id == GrantOutlet.grant_id)
        .join(Account, Account.id == Grant.account_id)
        .join(Outlet, and_(Outlet.merchant_id == GrantOutlet.merchant_id, Outlet.id == GrantOutlet.outlet_id))
        .where(GrantOutlet.merchant_id == merchant_id, Grant.revoked_at.is_(None))
        .order_by(Outlet.code, GrantOutlet.granted_at, Grant.id)
    )
    return [
        CashierLine(grant_id, outlet_id, outlet, mask_name(name), mask_phone(phone), since)
        for grant_id, outlet_id, outlet, name, phone, since in rows
    ]


def cashier_grant_or_404(session: Session, merchant_id: int, grant_id: int) -> Grant:
    """The grant of one of the merchant's cashiers, locked for a change; it may have ended."""
    found = session.get(Grant, grant_id, with_for_update=True)
    is_ours = found is not None and (found.role, found.enterprise_id) == (Role.CASHIER, merchant_id)
    return found if found is not None and is_ours else abort(404)


@dataclass(frozen=True)
class TokenLine:
    """A token in the list; no outlet means all of them, no account the command line."""

    token: ApiToken
    outlet: str | None
    revoked_by: str | None


def tokens_of(session: Session, merchant_id: int) -> list[TokenLine]:
    """The merchant's tokens, those that still work first, then the newest first."""
    rows = session.execute(
        select(ApiToken, Outlet.name, Account.name)
        .outerjoin(Outlet, and_(Outlet.merchant_id == ApiToken.merchant_id, Outlet.id == ApiToken.outlet_id))
        .outerjoin(Account, Account.id == ApiToken.revoked_by_id)
        .where(ApiToken.merchant_id == merchant_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return [TokenLine(*row) for row in rows]


def token_or_404(session: Session, merchant_id: int, token_id: UUID) -> ApiToken:
    """One of the merchant's tokens."""
    token = session.get(ApiToken, token_id)
    return token if token is not None and token.merchant_id == merchant_id else abort(404)
