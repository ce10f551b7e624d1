"""Printed cards: for people without a phone. A card can be copied, so it is worth less than a phone.

On paper is a credential without a key (class printed). It verifies online only; the cashier compares the name
on it; what is paid with it in a day has a ceiling (``redemptions.card_ceiling``); a lost one is revoked. It
names the employer, so it is good only as long as its holder works there.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.clock import business_date, start_of
from alliance.passes.credential import Credential, CredentialClass, sign
from alliance.passes.devices import STATUS_INDICES
from alliance.passes.entitlement import Entitlement, entitlement
from alliance.passes.issue import newest_pass, pass_of
from alliance.passes.keys import Keyring, id_of
from alliance.passes.models import CardRevocation, Pass, PrintedCard, SigningKeyRetirement
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore

#: Days on which a card is good, the one on which it is printed included.
LIFETIME_DAYS = 180
#: Status indices of cards follow those of phones: the list speaks of both.
CARD_INDICES = range(STATUS_INDICES, 2 * STATUS_INDICES)

#: Why a card was revoked, where no person has written a reason.
REPLACED, BY_HOLDER, BY_EMPLOYER = "replaced", "by_holder", "by_employer"


class HasCard(Exception):
    """The holder has a card that is good: another one takes its place only when that is wanted."""


@dataclass(frozen=True)
class Printout:
    """A card to be printed: ``text`` is that of its QR code and is kept nowhere; the name is in full."""

    card: PrintedCard
    text: str
    name: str
    employer: str

    @property
    def number(self) -> str:
        """What people call the card by."""
        return number_of(self.card)

    @property
    def last_day(self) -> date:
        """The last business date on which it is good."""
        return last_day_of(self.card)


def number_of(card: PrintedCard) -> str:
    """What people call a card by: ``3F2A 91C4``."""
    digits = card.cti[:4].hex().upper()
    return f"{digits[:4]} {digits[4:]}"


def last_day_of(card: PrintedCard) -> date:
    """The last business date on which a card is good."""
    return last_day(card.expires_at)


def last_day(expires_at: datetime) -> date:
    """The business date before a card's end, which is at midnight."""
    return business_date(expires_at) - timedelta(days=1)


def card_of(session: Session, holder_id: int, employer_id: int, at: datetime) -> PrintedCard | None:
    """The holder's card of this employer that is neither revoked nor expired, whatever became of the pass."""
    held = newest_pass(session, holder_id)
    alive = _not_dead(session, held, at) if held else []
    return next((card for card in alive if card.employer_id == employer_id), None)


def print_card(
    session: Session,
    keyring: Keyring,
    holder_id: int,
    by: Actor,
    at: datetime,
    *,
    anew: bool = False,
    employer_id: int | None = None,
) -> Printout:
    """Issue a card of 180 days; with ``anew`` the one before is dead from this transaction on.

    Raises HasCard when there is one and not ``anew``; Refused: revoked (the pass), not_entitled, also when
    the holder does not work for ``employer_id``, where it is given, or has no name.
    """
    held = pass_of(session, holder_id, at)  # locks the holder, so that nobody gets two
    holder = entitlement(session, held.id, business_date(at))
    # A child without a name has nothing for a cashier to compare.
    if employer_id not in (None, holder.employer_id) or not holder.holder_name:
        raise Refused(Reason.NOT_ENTITLED)
    before = _not_dead(session, held, at)
    here = next((card for card in before if card.employer_id == holder.employer_id), None)
    if here is not None and not anew:
        raise HasCard
    for card in before:
        _revoke(session, card, REPLACED, by, at)
    printout = _issue(session, keyring, held, holder, by, at)
    subject, number = f"pass:{held.id}", number_of(printout.card)
    if here is None:
        record(session, by, "card.issue", subject, at, enterprise_id=holder.employer_id, card=number)
    else:
        old = number_of(here)
        record(
            session,
            by,
            "card.reprint",
            subject,
            at,
            enterprise_id=holder.employer_id,
            card=number,
            replaces=old,
        )
    return printout


def revoke_card(session: Session, card: PrintedCard, reason: str, by: Actor, at: datetime) -> None:
    """The card is dead from this transaction on; revoking twice is revoking once."""
    if _revoke(session, card, reason, by, at):
        subject, number = f"pass:{card.pass_id}", number_of(card)
        record(
            session,
            by,
            "card.revoke",
            subject,
            at,
            enterprise_id=card.employer_id,
            card=number,
            reason=reason,
        )


def is_good(at: datetime) -> ColumnElement[bool]:
    """The condition that a printed card is neither revoked nor expired, and its key in force."""
    revoked = exists().where(CardRevocation.cti == PrintedCard.cti)
    # A key that has leaked takes its cards with it.
    retired = exists().where(SigningKeyRetirement.key_id == PrintedCard.key_id)
    return and_(PrintedCard.expires_at > at, ~revoked, ~retired)


def _not_dead(session: Session, held: Pass, at: datetime) -> Sequence[PrintedCard]:
    return session.scalars(select(PrintedCard).where(PrintedCard.pass_id == held.id, is_good(at))).all()


def _revoke(session: Session, card: PrintedCard, reason: str, by: Actor, at: datetime) -> bool:
    values = {"cti": card.cti, "at": at, "by_id": by.account_id, "reason": reason}
    return insert_or_ignore(session, CardRevocation, ["cti"], values)


def _issue(
    session: Session, keyring: Keyring, held: Pass, holder: Entitlement, by: Actor, at: datetime
) -> Printout:
    key, issued_at = keyring.signing_key(session, at), at.replace(microsecond=0)
    values = {
        "cti": secrets.token_bytes(8),
        "pass_id": held.id,
        "employer_id": holder.employer_id,
        "key_id": id_of(key),
        "issued_at": issued_at,
        # At midnight, so that the day on the card is true until its end.
        "expires_at": start_of(business_date(at) + timedelta(days=LIFETIME_DAYS)),
        "issued_by_id": by.account_id,
    }
    card = PrintedCard(**values, status_index=_take_index(session, values))
    credential = Credential.model_validate(
        {
            "4": int(card.expires_at.timestamp()),
            "6": int(card.issued_at.timestamp()),
            "7": card.cti,
            "-65537": int(CredentialClass.PRINTED),
            "-65538": card.status_index,
        }
    )
    return Printout(card, sign(credential, key), holder.holder_name, holder.employer_name)


def _take_index(session: Session, values: dict[str, object]) -> int:
    # Random, so that an index tells nothing about who joined when.
    while True:
        index = secrets.choice(CARD_INDICES)
        if insert_or_ignore(session, PrintedCard, ["status_index"], values | {"status_index": index}):
            return index
