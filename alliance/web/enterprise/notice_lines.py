"""The notices of an enterprise in words, each with its offer and what it is about."""

from dataclasses import dataclass
from uuid import UUID

from flask import abort
from flask_babel import gettext
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alliance.offers.models import (
    NoticeKind,
    OfferNotice,
    OfferPause,
    OfferReturn,
    OfferRevision,
)
from alliance.offers.notices import is_read
from alliance.web import plain
from alliance.web.paging import cut, older_than

ROWS = 50


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


@dataclass(frozen=True)
class NoticeLine:
    """A notice; ``revision`` is the one it is about, or the newest of its offer when it is about a pause."""

    notice: OfferNotice
    is_read: bool
    revision: OfferRevision
    returned: OfferReturn | None
    pause: OfferPause | None

    @property
    def words(self) -> str:
        """What happened, in a sentence."""
        title = self.revision.title
        match NoticeKind(self.notice.kind):
            case NoticeKind.APPROVED:
                return _("“%(title)s”通过了审核，按日期生效。", title=title)
            case NoticeKind.RETURNED:
                return _("“%(title)s”被退回，修改后可以重新提交。", title=title)
            case NoticeKind.PAUSED:
                return _("主办方暂停了“%(title)s”，门店暂时不能用。", title=title)
            case NoticeKind.RESUMED:
                return _("主办方恢复了“%(title)s”。", title=title)
            case NoticeKind.NEARLY_USED_UP:
                return _("“%(title)s”已用掉九成，快用完了。", title=title)
            case NoticeKind.USED_UP:
                return _("“%(title)s”已用完，门店不能再用；想继续就提高总数，重新提交。", title=title)
            case NoticeKind.ENDING:
                return _(
                    "“%(title)s”%(day)s结束；想继续就改结束日期，重新提交。", title=title, day=self._last_day
                )

    @property
    def reason(self) -> str:
        """What the organizer has written."""
        if self.returned is not None:
            return self.returned.reason
        is_paused = self.notice.kind == NoticeKind.PAUSED
        return self.pause.reason if self.pause is not None and is_paused else ""

    @property
    def _last_day(self) -> str:
        return plain.day_words(self.revision.ends_on) if self.revision.ends_on else ""


def notices_of(
    session: Session, merchant_id: int, account_id: int, cursor: str | None
) -> tuple[list[NoticeLine], str | None]:
    """A page of the merchant's notices as this account has read them, the newest first; the next cursor."""
    rows = session.execute(
        select(OfferNotice, is_read(account_id), OfferReturn, OfferPause)
        .outerjoin(
            OfferReturn,
            and_(
                OfferReturn.merchant_id == OfferNotice.merchant_id,
                OfferReturn.revision_id == OfferNotice.about_id,
            ),
        )
        .outerjoin(
            OfferPause,
            and_(OfferPause.merchant_id == OfferNotice.merchant_id, OfferPause.id == OfferNotice.about_id),
        )
        .where(OfferNotice.merchant_id == merchant_id, *older_than(cursor, OfferNotice.at, OfferNotice.id))
        .order_by(OfferNotice.at.desc(), OfferNotice.id.desc())
        .limit(ROWS + 1)
    ).all()
    shown, following = cut(rows, ROWS, lambda row: (row[0].at, row[0].id))
    revisions = _revisions(session, merchant_id, [row[0] for row in shown])
    lines = [NoticeLine(row[0], row[1], revisions[row[0].id], row[2], row[3]) for row in shown]
    return lines, following


def notice_or_404(session: Session, merchant_id: int, notice_id: UUID) -> OfferNotice:
    """One of the merchant's notices."""
    return session.get(OfferNotice, (merchant_id, notice_id)) or abort(404)


def _revisions(session: Session, merchant_id: int, notices: list[OfferNotice]) -> dict[UUID, OfferRevision]:
    """By notice: the revision that it is about, or the newest of its offer."""
    revisions = session.scalars(
        select(OfferRevision)
        .where(
            OfferRevision.merchant_id == merchant_id,
            OfferRevision.offer_id.in_({notice.offer_id for notice in notices}),
        )
        .order_by(OfferRevision.number)
    ).all()
    by_id = {revision.id: revision for revision in revisions}
    newest = {revision.offer_id: revision for revision in revisions}
    return {notice.id: by_id.get(notice.about_id) or newest[notice.offer_id] for notice in notices}
