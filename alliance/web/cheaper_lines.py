"""Reports of 别处更便宜 as the three surfaces show them. There is no person in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.orm import Session

from alliance.offers.cheaper import (
    Standing,
    StepKind,
    is_overdue,
    standing,
    steps_of,
    waits_since,
    working_days,
)
from alliance.offers.models import CheaperReport, CheaperStep, OfferRevision
from alliance.web.cheaper_words import STANDINGS, STEPS, overdue_words
from alliance.web.offer_cards import OfferCard, offer_cards


@dataclass(frozen=True)
class StepLine:
    """One step, in words."""

    step: CheaperStep

    @property
    def kind_words(self) -> str:
        """``商户说明``."""
        return str(STEPS[StepKind(self.step.kind)])


@dataclass(frozen=True)
class ReportLine:
    """A report of what a revision granted (``card``), with what became of it."""

    report: CheaperReport
    card: OfferCard
    steps: Sequence[StepLine]
    standing: Standing
    #: Working days that an open report has been waiting, and whether that is too many.
    waiting_days: int
    is_overdue: bool

    @property
    def is_open(self) -> bool:
        """The merchant has to answer."""
        return self.standing is Standing.OPEN

    @property
    def is_closed(self) -> bool:
        """The organizer has decided."""
        return self.standing in (Standing.UPHELD, Standing.DISMISSED)

    @property
    def standing_words(self) -> str:
        """``等商户答复``."""
        return str(STANDINGS[self.standing])

    @property
    def overdue_words(self) -> str:
        """Empty while there is time."""
        return overdue_words() if self.is_overdue else ""

    @property
    def mark(self) -> str:
        """The name of the colour for the style sheet."""
        return {Standing.OPEN: "submitted", Standing.UPHELD: "returned"}.get(self.standing, "approved")


def report_lines(session: Session, query: Select[CheaperReport], at: datetime) -> list[ReportLine]:
    """The reports of a query; those that wait for an answer first, the longest waiting at the top."""
    reports = session.scalars(query.order_by(CheaperReport.at.desc(), CheaperReport.id.desc())).all()
    steps = steps_of(session, [each.id for each in reports])
    revisions = [session.get_one(OfferRevision, (each.merchant_id, each.revision_id)) for each in reports]
    lines = [
        _line(reported, card, steps[reported.id], at)
        for reported, card in zip(reports, offer_cards(session, revisions), strict=True)
    ]
    waiting = [line for line in lines if line.is_open]
    return [*reversed(waiting), *(line for line in lines if not line.is_open)]


def _line(reported: CheaperReport, card: OfferCard, steps: Sequence[CheaperStep], at: datetime) -> ReportLine:
    return ReportLine(
        reported,
        card,
        [StepLine(step) for step in steps],
        standing(steps),
        working_days(waits_since(reported, steps), at),
        is_overdue(reported, steps, at),
    )
