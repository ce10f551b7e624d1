"""Keeping pictures and finding them again."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from alliance.audit.trail import Actor
from alliance.pictures.intake import Cleaned, PictureInvalid, Problem
from alliance.pictures.models import Picture


def keep(session: Session, merchant_id: int, cleaned: Cleaned, most: int, by: Actor, at: datetime) -> Picture:
    """Keep a picture that concerns a merchant; whoever has uploaded ``most`` within a day waits.

    Raises PictureInvalid(too_many). Nothing is locked to count them: two at once may be one too many, which
    costs a few hundred kilobytes.
    """
    since = Picture.at > at - timedelta(days=1)
    uploaded = select(func.count()).select_from(Picture).where(Picture.by_id == by.account_id, since)
    if session.scalar(uploaded) >= most:  # type: ignore[operator]
        raise PictureInvalid(Problem.TOO_MANY)
    picture = Picture(
        merchant_id=merchant_id,
        digest=cleaned.digest,
        width=cleaned.width,
        height=cleaned.height,
        content=cleaned.content,
        at=at,
        by_id=by.account_id,
    )
    session.add(picture)
    session.flush()
    return picture


def find_picture(session: Session, merchant_id: int, picture_id: UUID) -> Picture | None:
    """A merchant's picture, with its content."""
    return session.get(Picture, (merchant_id, picture_id), options=[undefer(Picture.content)])


def are_there(session: Session, merchant_id: int, ids: Collection[UUID], by_id: int | None = None) -> bool:
    """Whether all of these are the merchant's pictures; with ``by_id``, uploaded by that account."""
    query = (
        select(func.count())
        .select_from(Picture)
        .where(Picture.merchant_id == merchant_id, Picture.id.in_(ids))
    )
    if by_id is not None:
        query = query.where(Picture.by_id == by_id)
    return not ids or session.scalar(query) == len(set(ids))
