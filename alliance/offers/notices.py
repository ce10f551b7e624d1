"""What a merchant is told about its offers (站内通知), each thing once, and who has read it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.offers.live import newest_approved
from alliance.offers.models import NoticeKind, OfferNotice, OfferNoticeRead, OfferRevision
from alliance.offers.states import State, is_spent, state
from alliance.store import insert_or_ignore, new_id

#: How many days before its last day a merchant is told that an offer ends.
DAYS_AHEAD = 3
#: How much of a limit is used, in tenths, when a merchant is told that it nears its end.
NEARLY = 9

#: (merchant_id, offer_id, what, revision_id)
Due = tuple[int, UUID, NoticeKind, UUID]


def tell(
    session: Session, merchant_id: int, offer_id: UUID, kind: NoticeKind, about_id: UUID, at: datetime
) -> bool:
    """Tell the merchant, unless it has been told this about the same revision or pause before."""
    values = {
        "merchant_id": merchant_id,
        "id": new_id(),
        "offer_id": offer_id,
        "kind": kind,
        "about_id": about_id,
        "at": at,
    }
    return insert_or_ignore(session, OfferNotice, ["merchant_id", "offer_id", "kind", "about_id"], values)


def due(session: Session, at: datetime) -> list[Due]:
    """What merchants are to be told that nobody did: the days and the counters did it. Reads only."""
    today, last = business_date(at), OfferRevision.ends_on
    stands = state(today)
    wanted = {
        NoticeKind.USED_UP: stands == State.USED_UP,
        NoticeKind.NEARLY_USED_UP: (stands == State.LIVE) & is_spent(NEARLY) & ~_told(NoticeKind.USED_UP),
        NoticeKind.ENDING: stands.in_([State.LIVE, State.PAUSED])
        & (last <= today + timedelta(days=DAYS_AHEAD)),
    }
    found = []
    for kind, condition in wanted.items():
        revisions = newest_approved().where(condition, ~_told(kind)).order_by(None)
        columns = (OfferRevision.merchant_id, OfferRevision.offer_id, OfferRevision.id)
        rows = session.execute(revisions.with_only_columns(*columns))
        found += [(merchant_id, offer_id, kind, id_) for merchant_id, offer_id, id_ in rows]
    # In one order: two workers that tell the same wait for each other, and never in a circle.
    return sorted(found)


def unread(session: Session, merchant_id: int, account_id: int) -> int:
    """How many notices of a merchant an account has not read."""
    query = select(func.count()).where(OfferNotice.merchant_id == merchant_id, ~is_read(account_id))
    return session.scalar(query) or 0


def mark_read(session: Session, notice: OfferNotice, account_id: int, at: datetime) -> None:
    """An account has read a notice; reading it again changes nothing."""
    values = {
        "merchant_id": notice.merchant_id,
        "notice_id": notice.id,
        "account_id": account_id,
        "at": at,
    }
    insert_or_ignore(session, OfferNoticeRead, ["merchant_id", "notice_id", "account_id"], values)


def mark_all_read(session: Session, merchant_id: int, account_id: int, at: datetime) -> None:
    """An account has read all that the merchant has been told until ``at``; later ones stay unread."""
    rows = session.scalars(
        select(OfferNotice).where(
            OfferNotice.merchant_id == merchant_id, OfferNotice.at <= at, ~is_read(account_id)
        )
    )
    for notice in rows.all():
        mark_read(session, notice, account_id, at)


def is_read(account_id: int) -> ColumnElement[bool]:
    """The condition that an account has read a notice."""
    return exists().where(
        OfferNoticeRead.merchant_id == OfferNotice.merchant_id,
        OfferNoticeRead.notice_id == OfferNotice.id,
        OfferNoticeRead.account_id == account_id,
    )


def _told(kind: NoticeKind) -> ColumnElement[bool]:
    return exists().where(
        OfferNotice.merchant_id == OfferRevision.merchant_id,
        OfferNotice.offer_id == OfferRevision.offer_id,
        OfferNotice.kind == kind,
        OfferNotice.about_id == OfferRevision.id,
    )
