"""别处更便宜: a holder reports a lower price elsewhere, the merchant answers, the organizer decides.

Every step is a row; where a report stands is its last step. Nobody but the audit trail tells who reported:
the merchant is shown the report, never the person.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.clock import business_date, days
from alliance.offers.evidence import is_link
from alliance.offers.models import CheaperReport, CheaperStep, OfferRevision
from alliance.offers.pricing import AlliancePrice, read_terms
from alliance.people.models import Holder
from alliance.pictures.keep import are_there

#: How many reports a holder may make on a business date.
MOST_A_DAY = 3
#: How many working days a merchant has for an answer; then the report is marked for the organizer.
DAYS_TO_ANSWER = 3


class StepKind(StrEnum):
    """What can happen to a report: three answers, two verdicts, and once more from the beginning."""

    LOWERED = "lowered"
    EXPLAINED = "explained"
    PROVED = "proved"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    REOPENED = "reopened"


ANSWERS = (StepKind.LOWERED, StepKind.EXPLAINED, StepKind.PROVED)
VERDICTS = (StepKind.UPHELD, StepKind.DISMISSED)


class Standing(StrEnum):
    """Where a report stands; derived from its last step, never stored."""

    OPEN = "open"
    ANSWERED = "answered"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class CheaperInvalid(Exception):
    """A report or a step that cannot stand: the field at fault (empty: none) and a code for the words."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True)
class Said:
    """What somebody says in a report or a step; empty is not said."""

    words: str = ""
    link: str = ""
    picture_id: UUID | None = None


@dataclass(frozen=True)
class Seen:
    """A lower price: where, and what it costs there, in 分."""

    place: str
    price_fen: int


def report(
    session: Session,
    holder_id: int,
    revision: OfferRevision,
    seen: Seen,
    said: Said,
    by: Actor,
    at: datetime,
) -> CheaperReport:
    """Report that what a revision grants costs less elsewhere.

    Raises CheaperInvalid: link (without_proof, not_a_link), picture (not_there), too_many, open_already.
    """
    if not said.link and said.picture_id is None:
        raise CheaperInvalid("link", "without_proof")
    _check(session, revision.merchant_id, said, by)
    today = business_date(at)
    # Reports are counted under the lock of the holder's row.
    session.execute(select(Holder.id).where(Holder.id == holder_id).with_for_update(key_share=True))
    _refuse_too_many(session, holder_id, revision, today)
    made = CheaperReport(
        merchant_id=revision.merchant_id,
        offer_id=revision.offer_id,
        revision_id=revision.id,
        holder_id=holder_id,
        business_date=today,
        at=at,
        place=seen.place,
        price_fen=seen.price_fen,
        link=said.link,
        words=said.words,
        picture_id=said.picture_id,
    )
    session.add(made)
    session.flush()
    record(session, by, "cheaper.report", f"cheaper_report:{made.id}", at, enterprise_id=made.merchant_id)
    return made


def answer(
    session: Session, reported: CheaperReport, kind: StepKind, said: Said, by: Actor, at: datetime
) -> None:
    """The merchant answers: the price is lowered by a new revision, explained, or proved to be the best.

    Raises CheaperInvalid: words (missing), link (without_proof, not_a_link), picture (not_there), kind
    (not_lowered), closed.
    """
    if kind is not StepKind.LOWERED and not said.words:
        raise CheaperInvalid("words", "missing")
    if kind is StepKind.PROVED and not said.link and said.picture_id is None:
        raise CheaperInvalid("link", "without_proof")
    _check(session, reported.merchant_id, said, by)
    if _locked(session, reported) not in (Standing.OPEN, Standing.ANSWERED):
        raise CheaperInvalid("", "closed")
    lowered = _lowered(session, reported) if kind is StepKind.LOWERED else None
    _record_step(session, "cheaper.answer", reported, kind, said, by, at, lowered)


def close(
    session: Session, reported: CheaperReport, verdict: StepKind, said: Said, by: Actor, at: datetime
) -> None:
    """The organizer decides: 成立 (upheld) or 不成立 (dismissed). Raises CheaperInvalid(closed)."""
    assert verdict in VERDICTS
    if _locked(session, reported) not in (Standing.OPEN, Standing.ANSWERED):
        raise CheaperInvalid("", "closed")
    _record_step(session, "cheaper.close", reported, verdict, said, by, at)


def reopen(session: Session, reported: CheaperReport, said: Said, by: Actor, at: datetime) -> None:
    """The organizer wants (another) answer and says why. Raises CheaperInvalid: words (missing), open."""
    if not said.words:
        raise CheaperInvalid("words", "missing")
    if _locked(session, reported) is Standing.OPEN:
        raise CheaperInvalid("", "open")
    _record_step(session, "cheaper.reopen", reported, StepKind.REOPENED, said, by, at)


def steps_of(session: Session, report_ids: Collection[UUID]) -> defaultdict[UUID, list[CheaperStep]]:
    """The steps of these reports, each in its order."""
    found: defaultdict[UUID, list[CheaperStep]] = defaultdict(list)
    rows = select(CheaperStep).where(CheaperStep.report_id.in_(report_ids))
    for step in session.scalars(rows.order_by(CheaperStep.at, CheaperStep.id)):
        found[step.report_id].append(step)
    return found


def unanswered() -> Select[CheaperReport]:
    """A SELECT of the reports that wait for their merchant."""
    this = (
        CheaperStep.merchant_id == CheaperReport.merchant_id,
        CheaperStep.report_id == CheaperReport.id,
    )
    newest = select(CheaperStep.kind).where(*this).order_by(CheaperStep.at.desc(), CheaperStep.id.desc())
    last = newest.limit(1).correlate(CheaperReport).scalar_subquery()
    return select(CheaperReport).where(or_(last.is_(None), last == StepKind.REOPENED))


def standing(steps: Sequence[CheaperStep]) -> Standing:
    """Where a report with these steps stands."""
    last = StepKind(steps[-1].kind) if steps else StepKind.REOPENED
    if last in VERDICTS:
        return Standing(last.value)
    return Standing.OPEN if last is StepKind.REOPENED else Standing.ANSWERED


def waits_since(reported: CheaperReport, steps: Sequence[CheaperStep]) -> datetime:
    """From when on an open report waits for its answer."""
    return steps[-1].at if steps else reported.at


def working_days(since: datetime, at: datetime) -> int:
    """Whole days from Monday to Friday that have passed since; public holidays are not known here."""
    first, last = business_date(since), business_date(at)
    return sum(day.weekday() < 5 for day in days(first + timedelta(days=1), last - timedelta(days=1)))


def is_overdue(reported: CheaperReport, steps: Sequence[CheaperStep], at: datetime) -> bool:
    """Whether the merchant has let the days for an answer pass."""
    is_open = standing(steps) is Standing.OPEN
    return is_open and working_days(waits_since(reported, steps), at) >= DAYS_TO_ANSWER


def _check(session: Session, merchant_id: int, said: Said, by: Actor) -> None:
    if said.link and not is_link(said.link):
        raise CheaperInvalid("link", "not_a_link")
    # One's own upload: not a picture of somebody else whose id has become known.
    ids = [said.picture_id] if said.picture_id is not None else []
    if not are_there(session, merchant_id, ids, by.account_id):
        raise CheaperInvalid("picture", "not_there")


def _refuse_too_many(session: Session, holder_id: int, revision: OfferRevision, today: date) -> None:
    mine = select(CheaperReport).where(CheaperReport.holder_id == holder_id)
    counted = select(func.count()).select_from(mine.where(CheaperReport.business_date == today).subquery())
    if session.scalar(counted) >= MOST_A_DAY:  # type: ignore[operator]
        raise CheaperInvalid("", "too_many")
    same = (CheaperReport.merchant_id == revision.merchant_id, CheaperReport.offer_id == revision.offer_id)
    earlier = session.scalars(mine.where(*same)).all()
    steps = steps_of(session, [each.id for each in earlier])
    if any(standing(steps[each.id]) is Standing.OPEN for each in earlier):
        raise CheaperInvalid("", "open_already")


def _locked(session: Session, reported: CheaperReport) -> Standing:
    """Where the report stands, its row locked: two who decide at once take turns."""
    key = (CheaperReport.merchant_id == reported.merchant_id, CheaperReport.id == reported.id)
    session.execute(select(CheaperReport.id).where(*key).with_for_update(key_share=True))
    return standing(steps_of(session, [reported.id])[reported.id])


def _lowered(session: Session, reported: CheaperReport) -> UUID:
    """The newest revision since the report, which is the one that is said to be cheaper."""
    revision = session.scalar(
        select(OfferRevision)
        .where(
            OfferRevision.merchant_id == reported.merchant_id,
            OfferRevision.offer_id == reported.offer_id,
            OfferRevision.submitted_at > reported.at,
        )
        .order_by(OfferRevision.number.desc())
        .limit(1)
    )
    if revision is None:
        raise CheaperInvalid("kind", "not_lowered")
    before = session.get_one(OfferRevision, (reported.merchant_id, reported.revision_id))
    old, new = read_terms(before.terms), read_terms(revision.terms)
    are_prices = isinstance(old, AlliancePrice) and isinstance(new, AlliancePrice)
    # Of other kinds, or between two, nobody can say in general which costs less: the organizer looks.
    if old == new or (are_prices and new.unit_price_fen >= old.unit_price_fen):  # type: ignore[union-attr]
        raise CheaperInvalid("kind", "not_lowered")
    return revision.id


def _record_step(
    session: Session,
    action: str,
    reported: CheaperReport,
    kind: StepKind,
    said: Said,
    by: Actor,
    at: datetime,
    revision_id: UUID | None = None,
) -> None:
    session.add(
        CheaperStep(
            merchant_id=reported.merchant_id,
            report_id=reported.id,
            kind=kind,
            words=said.words,
            link=said.link,
            picture_id=said.picture_id,
            revision_id=revision_id,
            at=at,
            by_id=by.account_id,
        )
    )
    session.flush()
    subject = f"cheaper_report:{reported.id}"
    record(session, by, action, subject, at, enterprise_id=reported.merchant_id, step=str(kind))
