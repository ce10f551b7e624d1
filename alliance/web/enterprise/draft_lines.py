"""The drafts of the enterprise's offers, as pages show them, and what a form has in it to be kept."""

from dataclasses import dataclass
from uuid import UUID

from flask import abort, request
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account
from alliance.offers.models import SavedDraft

#: Characters of one field, and values of it, that are kept; more is nobody's offer.
MOST_CHARACTERS, MOST_VALUES = 500, 500


@dataclass(frozen=True)
class DraftLine:
    """A draft, and who saved it last."""

    draft: SavedDraft
    saved_by: str

    @property
    def title(self) -> str:
        """What was typed as the offer's name, perhaps nothing."""
        return self._first("title")

    @property
    def code(self) -> str:
        """What was typed as the offer's code; the draft of a revision has none of its own."""
        return self._first("code")

    def _first(self, name: str) -> str:
        return str(next(iter(self.draft.fields.get(name, ())), "")).strip()


def drafts_of(session: Session, merchant_id: int) -> list[DraftLine]:
    """The merchant's drafts, the one that was saved last first."""
    rows = session.execute(
        select(SavedDraft, Account.name)
        .outerjoin(Account, Account.id == SavedDraft.saved_by_id)
        .where(SavedDraft.merchant_id == merchant_id)
        .order_by(SavedDraft.saved_at.desc(), SavedDraft.id.desc())
    )
    return [DraftLine(draft, name or "") for draft, name in rows]


def draft_or_404(session: Session, merchant_id: int, draft_id: UUID) -> DraftLine:
    """One of the merchant's drafts, locked for a change by whatever is posted."""
    draft = session.get(SavedDraft, (merchant_id, draft_id), with_for_update=request.method == "POST")
    if draft is None:
        abort(404)
    saved_by = session.get(Account, draft.saved_by_id) if draft.saved_by_id else None
    return DraftLine(draft, saved_by.name if saved_by else "")


def typed(form: FlaskForm) -> dict[str, list[str]]:
    """What was posted into the form's fields, as it was typed."""
    return {
        name: [value[:MOST_CHARACTERS].replace("\0", "") for value in values[:MOST_VALUES]]
        for name, values in request.form.lists()
        if name in form and name != "csrf_token"
    }
