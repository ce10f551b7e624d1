"""Changing the signing keys without anybody noticing: published ahead, retired when nothing needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.passes import cose
from alliance.passes.devices import CREDENTIAL_LIFETIME
from alliance.passes.keys import Keyring, in_force
from alliance.passes.models import CardRevocation, PrintedCard, SigningKey, SigningKeyRetirement
from alliance.store import insert_or_ignore

#: A new key signs so long after it is published: by then every scanner that was online within a day has it.
AHEAD = timedelta(hours=24)
#: The longest that a phone's credential lives: so long a key goes on verifying after its last signature, and
#: until the last printed card under it has expired or is revoked.
LONGEST_LIFETIME = CREDENTIAL_LIFETIME


class KeyState(StrEnum):
    """What a key is good for at a moment."""

    NEXT = "next"
    SIGNING = "signing"
    VERIFYING = "verifying"
    RETIRED = "retired"


@dataclass(frozen=True)
class KeyStanding:
    """A key, what it is good for, and when the last credential under it ends (None while it signs)."""

    key: SigningKey
    state: KeyState
    needed_until: datetime | None


class StillNeeded(Exception):
    """Credentials under the key live until ``until``; None when it signs, or is going to."""

    def __init__(self, until: datetime | None) -> None:
        super().__init__(until)
        self.until = until


def standings(session: Session, at: datetime) -> Sequence[KeyStanding]:
    """Every key that there ever was, the newest first."""
    retired = set(session.scalars(select(SigningKeyRetirement.key_id)))
    cards = _last_cards(session)
    found: list[KeyStanding] = []
    successor: datetime | None = None
    for key in session.scalars(select(SigningKey).order_by(SigningKey.signs_from.desc(), SigningKey.id)):
        until = None
        if successor is not None:
            until = max(successor + LONGEST_LIFETIME, cards.get(key.id, successor))
        if key.id in retired:
            state = KeyState.RETIRED
        elif key.signs_from > at:
            state = KeyState.NEXT
        else:
            state = KeyState.VERIFYING if successor is not None and successor <= at else KeyState.SIGNING
        found.append(KeyStanding(key, state, until))
        # A key that was retired before its time came has signed nothing and succeeded nobody.
        if state is not KeyState.RETIRED:
            successor = key.signs_from
    return found


def _last_cards(session: Session) -> Mapping[bytes, datetime]:
    """By key, when the last printed card under it expires."""
    rows = session.execute(
        select(PrintedCard.key_id, func.max(PrintedCard.expires_at))
        .outerjoin(CardRevocation, CardRevocation.cti == PrintedCard.cti)
        .where(CardRevocation.cti.is_(None))
        .group_by(PrintedCard.key_id)
    )
    return dict(rows.all())


def rotate(
    session: Session, keyring: Keyring, by: Actor, at: datetime, ahead: timedelta = AHEAD
) -> SigningKey:
    """A new key, published now, that signs from ``at + ahead`` on."""
    made = keyring.make(session, at, at + ahead)
    record(session, by, "key.rotate", f"key:{made.kid.hex()}", at, signs_from=made.signs_from.isoformat())
    return made


def drop(session: Session, key: SigningKey, by: Actor, at: datetime, *, compromised: bool = False) -> None:
    """Retire a key for good: nothing under it is accepted any more, and its private half is destroyed.

    Raises StillNeeded while a credential under it can be alive. ``compromised`` drops it all the same: every
    phone then needs the network once, for a credential under another key, and cards are printed anew.
    """
    standing = next(found for found in standings(session, at) if found.key.id == key.id)
    is_needed = standing.needed_until is None or standing.needed_until > at
    if standing.state is not KeyState.RETIRED and is_needed and not compromised:
        raise StillNeeded(standing.needed_until)
    values = {"key_id": key.id, "at": at, "by_id": by.account_id}
    if insert_or_ignore(session, SigningKeyRetirement, ["key_id"], values):
        key.sealed = b""
        record(session, by, "key.drop", f"key:{key.kid.hex()}", at, compromised=compromised)


def key_set(session: Session) -> bytes:
    """The COSE_KeySet (RFC 9052 §7) of every key in force, also those that will sign tomorrow."""
    keys = session.scalars(in_force().order_by(SigningKey.signs_from, SigningKey.id))
    return cose.canonical([cose.cose_key(key.public) | {2: key.kid, 3: -7} for key in keys])
