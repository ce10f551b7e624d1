"""Drafts: what a merchant has typed of an offer and not submitted yet; incomplete and wrong is allowed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.offers.models import SavedDraft
from alliance.store import dialect_insert, new_id, table_of


def save_new(
    session: Session,
    merchant_id: int,
    offer_id: UUID | None,
    fields: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> SavedDraft:
    """Keep what was typed: for a new offer, or as the one draft of the offer that it would revise."""
    values = {
        "merchant_id": merchant_id,
        "id": new_id(),
        "offer_id": offer_id,
        "fields": dict(fields),
        "saved_at": at,
        "saved_by_id": by.account_id,
    }
    # Without an offer nothing is in its way: no two NULLs are the same.
    kept = (
        dialect_insert(session, SavedDraft)
        .values(values)
        .on_conflict_do_update(
            index_elements=["merchant_id", "offer_id"],
            set_={name: values[name] for name in ("fields", "saved_at", "saved_by_id")},
        )
        .returning(table_of(SavedDraft).c.id)
    )
    id_ = session.execute(kept).scalar_one()
    return session.get_one(SavedDraft, (merchant_id, id_), populate_existing=True)


def save_again(draft: SavedDraft, fields: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Keep what is typed now in the place of what was; the last to save is the one that stays.

    The draft has to be locked: somebody else may discard it at the same moment.
    """
    draft.fields, draft.saved_at, draft.saved_by_id = dict(fields), at, by.account_id


def discard(session: Session, draft: SavedDraft, by: Actor, at: datetime) -> None:
    """Throw a draft away."""
    session.delete(draft)
    record(session, by, "offer.discard_draft", f"saved_draft:{draft.id}", at, enterprise_id=draft.merchant_id)


def draft_of(session: Session, merchant_id: int, offer_id: UUID) -> SavedDraft | None:
    """The draft that would revise an offer."""
    mine = (SavedDraft.merchant_id == merchant_id, SavedDraft.offer_id == offer_id)
    return session.scalar(select(SavedDraft).where(*mine))
