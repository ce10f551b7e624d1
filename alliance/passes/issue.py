"""Issuing passes, minting what a phone shows, and revoking."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.passes.credential import Credential, CredentialClass, sign
from alliance.passes.keys import Keyring
from alliance.passes.models import Pass, PassRevocation, TypedCode
from alliance.people.models import Holder
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore

LIFETIME = timedelta(seconds=60)
TYPED_CODE_LENGTH = 8


@dataclass(frozen=True)
class Presentable:
    """What a phone shows: the QR text, the digits that stand for it, and until when (UTC)."""

    text: str
    code: str
    expires_at: datetime


def pass_of(session: Session, holder_id: int, at: datetime) -> Pass:
    """The holder's pass, issued at the first use.

    Raises Refused(revoked): whoever has the phone could otherwise undo a revocation by opening the page.
    """
    # The holder's row is the lock: two phones opening at once must not make two passes.
    session.execute(select(Holder.id).where(Holder.id == holder_id).with_for_update(key_share=True))
    newest = newest_pass(session, holder_id)
    if newest is None:
        return _issue(session, holder_id, at)
    if session.get(PassRevocation, newest.id) is not None:
        raise Refused(Reason.REVOKED)
    return newest


def newest_pass(session: Session, holder_id: int) -> Pass | None:
    """The holder's pass, dead or alive; None before the first use."""
    return session.scalar(select(Pass).where(Pass.holder_id == holder_id).order_by(Pass.id.desc()).limit(1))


def reissue(session: Session, holder_id: int, by: Actor, at: datetime) -> Pass:
    """A new pass after a revocation; the old one stays dead."""
    issued = _issue(session, holder_id, at)
    record(session, by, "pass.reissue", f"pass:{issued.id}", at)
    return issued


def mint(session: Session, keyring: Keyring, pass_: Pass, at: datetime) -> Presentable:
    """A new short-lived credential (60 s) with its typed code; either of the two can be used, once."""
    expires_at = at.replace(microsecond=0) + LIFETIME
    credential = Credential.model_validate(
        {
            "4": int(expires_at.timestamp()),
            "6": int(at.timestamp()),
            "7": secrets.token_bytes(8),
            "-65537": int(CredentialClass.SHORT_LIVED),
            "-65538": pass_.status_index,
        }
    )
    text = sign(credential, keyring.signing_key(session, at))
    return Presentable(text, _typed_code(session, pass_, credential.cti, expires_at), expires_at)


def revoke(session: Session, pass_: Pass, reason: str, by: Actor, at: datetime) -> None:
    """The pass is dead from this transaction on; revoking twice is revoking once."""
    values = {"pass_id": pass_.id, "at": at, "by_id": by.account_id, "reason": reason}
    if insert_or_ignore(session, PassRevocation, ["pass_id"], values):
        record(session, by, "pass.revoke", f"pass:{pass_.id}", at, reason=reason)


def forget_typed_codes(session: Session, at: datetime) -> None:
    """Delete the typed codes that have expired."""
    session.execute(delete(TypedCode).where(TypedCode.expires_at <= at))


def _issue(session: Session, holder_id: int, at: datetime) -> Pass:
    issued = Pass(holder_id=holder_id, status_index=_free_index(session), issued_at=at)
    session.add(issued)
    session.flush()
    return issued


def _typed_code(session: Session, pass_: Pass, cti: bytes, expires_at: datetime) -> str:
    while True:
        code = f"{secrets.randbelow(10**TYPED_CODE_LENGTH):0{TYPED_CODE_LENGTH}d}"
        values = {"code": code, "pass_id": pass_.id, "cti": cti, "expires_at": expires_at}
        if insert_or_ignore(session, TypedCode, ["code"], values):
            return code


def _free_index(session: Session) -> int:
    # Random, so that an index tells nothing about who joined when.
    while True:
        index = secrets.randbelow(2**31)
        if session.scalar(select(func.count()).where(Pass.status_index == index)) == 0:
            return index
