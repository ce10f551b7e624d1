"""最优惠: what a merchant brings forward for its price, and the picture by which an offer is shown.

Both belong to a revision and never change with it. The market price is compared where the terms name a price
for a piece (联盟价); of any other kind it is said in words. A link is shown and never followed by the server.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from alliance.offers.models import (
    CheaperReport,
    CheaperStep,
    OfferApproval,
    OfferEvidence,
    OfferPicture,
    OfferRevision,
)
from alliance.offers.pricing import AlliancePrice, Terms
from alliance.offers.wording import compares, forbidden
from alliance.pictures.models import Picture

MOST_PHOTOS = 3
MAX_BASIS = 300
MAX_LINK = 500
#: A picture that no offer and no report has taken by then was uploaded in vain.
UNUSED_FOR = timedelta(days=2)


@dataclass(frozen=True)
class Evidence:
    """A revision's market price in 分 (for a piece), its basis in words, as a link, as photos."""

    market_price_fen: int | None = None
    basis: str = ""
    link: str = ""
    photo_ids: Sequence[UUID] = ()

    @property
    def has_basis(self) -> bool:
        """Something to go by: words, a link or a photo."""
        return bool(self.basis or self.link or self.photo_ids)


@dataclass(frozen=True)
class Showing:
    """The picture of a revision, and its evidence."""

    picture_id: UUID | None = None
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def picture_ids(self) -> list[UUID]:
        """All of them."""
        shown = [] if self.picture_id is None else [self.picture_id]
        return [*shown, *self.evidence.photo_ids]


BARE = Showing()


@dataclass(frozen=True)
class Fault:
    """What is wrong: the field, a code for the words, and the word at fault."""

    field: str
    problem: str
    word: str = ""


def fault_of(title: str, terms: Terms, showing: Showing) -> Fault | None:
    """The first thing about title and evidence that cannot stand; None when all is well.

    title: forbidden_words (with the word), compared_without_basis; market_price_fen: without_basis,
    below_price; link: not_a_link; photos: too_many.
    """
    if found := forbidden(title):
        return Fault("title", "forbidden_words", found[0].word)
    evidence = showing.evidence
    if (name := compares(title)) and not evidence.has_basis:
        return Fault("title", "compared_without_basis", name)
    if evidence.link and not is_link(evidence.link):
        return Fault("link", "not_a_link")
    if len(evidence.photo_ids) > MOST_PHOTOS:
        return Fault("photos", "too_many")
    if evidence.market_price_fen is None:
        return None
    if not evidence.has_basis:
        return Fault("market_price_fen", "without_basis")
    # Of the other kinds no price of a piece is known.
    if isinstance(terms, AlliancePrice) and terms.unit_price_fen > evidence.market_price_fen:
        return Fault("market_price_fen", "below_price")
    return None


def is_link(text: str) -> bool:
    """Whether it is an address on the web that a person may be shown: http or https, a host, no disguise."""
    if len(text) > MAX_LINK or any(not one.isprintable() or one.isspace() or one == "\\" for one in text):
        return False
    try:
        parts = urlsplit(text)
        # user@host makes one address look like another.
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        return False


def attach(session: Session, revision: OfferRevision, showing: Showing) -> None:
    """Write down what belongs to a new revision. Its pictures have to be there."""
    key = {"merchant_id": revision.merchant_id, "revision_id": revision.id}
    given = [(0, showing.picture_id), *enumerate(showing.evidence.photo_ids, 1)]
    session.add_all(
        OfferPicture(**key, position=position, picture_id=id_) for position, id_ in given if id_ is not None
    )
    evidence = showing.evidence
    if evidence.market_price_fen is not None or evidence.basis or evidence.link:
        session.add(
            OfferEvidence(
                **key,
                market_price_fen=evidence.market_price_fen,
                basis=evidence.basis,
                link=evidence.link,
            )
        )


def showings(session: Session, revision_ids: Collection[UUID]) -> defaultdict[UUID, Showing]:
    """What these revisions show, by revision; two statements."""
    pictures: defaultdict[UUID, dict[int, UUID]] = defaultdict(dict)
    rows = select(OfferPicture).where(OfferPicture.revision_id.in_(revision_ids))
    for row in session.scalars(rows.order_by(OfferPicture.position)):
        pictures[row.revision_id][row.position] = row.picture_id
    said = {
        row.revision_id: row
        for row in session.scalars(select(OfferEvidence).where(OfferEvidence.revision_id.in_(revision_ids)))
    }
    found = defaultdict(Showing)
    for revision_id in {*pictures, *said}:
        found[revision_id] = _showing(pictures[revision_id], said.get(revision_id))
    return found


def _showing(pictures: dict[int, UUID], said: OfferEvidence | None) -> Showing:
    photo_ids = tuple(id_ for position, id_ in pictures.items() if position)
    if said is None:
        return Showing(pictures.get(0), Evidence(photo_ids=photo_ids))
    return Showing(pictures.get(0), Evidence(said.market_price_fen, said.basis, said.link, photo_ids))


def is_on_show(session: Session, merchant_id: int, picture_id: UUID, holder_id: int, account_id: int) -> bool:
    """Whether a holder may see a picture: an approved offer's, of a report of his or its answers, or his."""
    this = {"merchant_id": merchant_id, "picture_id": picture_id}
    offered = (
        exists()
        .where(OfferPicture.position == 0, *_of(OfferPicture, this))
        .where(
            OfferApproval.merchant_id == OfferPicture.merchant_id,
            OfferApproval.revision_id == OfferPicture.revision_id,
        )
    )
    reported = exists().where(CheaperReport.holder_id == holder_id, *_of(CheaperReport, this))
    answered = (
        exists()
        .where(*_of(CheaperStep, this))
        .where(
            CheaperReport.merchant_id == CheaperStep.merchant_id,
            CheaperReport.id == CheaperStep.report_id,
            CheaperReport.holder_id == holder_id,
        )
    )
    uploaded = exists().where(
        Picture.merchant_id == merchant_id, Picture.id == picture_id, Picture.by_id == account_id
    )
    return bool(session.scalar(select(or_(offered, reported, answered, uploaded))))


def _of(
    entity: type[OfferPicture | CheaperReport | CheaperStep], this: dict[str, Any]
) -> list[ColumnElement[bool]]:
    return [getattr(entity, name) == value for name, value in this.items()]


def forget_unused(session: Session, at: datetime) -> None:
    """Delete the pictures that were uploaded for a form which was never sent."""
    taken = [
        exists().where(entity.merchant_id == Picture.merchant_id, entity.picture_id == Picture.id)
        for entity in (OfferPicture, CheaperReport, CheaperStep)
    ]
    unused = delete(Picture).where(Picture.at < at - UNUSED_FOR, *(~each for each in taken))
    session.execute(unused.execution_options(synchronize_session=False))
