"""Reading the audit trail with names: who did what, without more of a person than a masked phone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account, ApiToken
from alliance.audit.models import AuditEntry
from alliance.clock import start_of
from alliance.enterprises.models import Enterprise
from alliance.people.phones import mask_phone

_BATCH = 500


@dataclass(frozen=True)
class Asked:
    """Which deeds: of a span of business dates, both included, and where not None, only these."""

    first: date
    last: date
    action: str | None = None
    enterprise_id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True)
class Deed:
    """An entry of the trail. Without ``phone`` (masked) and ``token`` (its name) it was the command line."""

    id: UUID
    at: datetime
    account_id: int | None
    phone: str | None
    token: str | None
    action: str
    subject: str
    enterprise_id: int | None
    enterprise: str | None
    address: str
    detail: dict[str, Any]
    seal_number: int | None


def deeds(
    session: Session, asked: Asked, *, before: UUID | None = None, limit: int | None = None
) -> Iterator[Deed]:
    """The deeds that were asked for, the newest first; ``before`` is the id of the last one seen already."""
    query = (
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.account_id,
            Account.phone,
            ApiToken.name.label("token"),
            AuditEntry.action,
            AuditEntry.subject,
            AuditEntry.enterprise_id,
            Enterprise.name.label("enterprise"),
            AuditEntry.address,
            AuditEntry.detail,
            AuditEntry.seal_number,
        )
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .outerjoin(ApiToken, ApiToken.id == AuditEntry.token_id)
        .outerjoin(Enterprise, Enterprise.id == AuditEntry.enterprise_id)
        .where(*_conditions(asked))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
        .execution_options(yield_per=_BATCH)
    )
    if before is not None:
        seen = select(AuditEntry.at).where(AuditEntry.id == before).scalar_subquery()
        same_moment = and_(AuditEntry.at == seen, AuditEntry.id < before)
        query = query.where(or_(AuditEntry.at < seen, same_moment))
    for id_, at, account_id, phone, *rest in session.execute(query):
        yield Deed(id_, at, account_id, mask_phone(phone) if phone else None, *rest)


def _conditions(asked: Asked) -> Iterator[ColumnElement[bool]]:
    yield AuditEntry.at >= start_of(asked.first)
    yield AuditEntry.at < start_of(asked.last + timedelta(days=1))
    if asked.action is not None:
        yield AuditEntry.action == asked.action
    if asked.enterprise_id is not None:
        yield AuditEntry.enterprise_id == asked.enterprise_id
    if asked.account_id is not None:
        yield AuditEntry.account_id == asked.account_id
