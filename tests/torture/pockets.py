"""The phones that the holders of the random histories have in their pockets."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.passes.cose import thumbprint
from alliance.passes.devices import enrol, issue_credential
from alliance.passes.issue import mint, pass_of
from alliance.passes.keys import Keyring
from alliance.passes.models import PassDevice
from tests.phones import Phone


class Pockets:
    """One phone for each pass, whose credential is renewed when its page asks for that."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._phones: dict[int, Phone] = {}
        self._renew_at: dict[int, datetime] = {}

    def sign(self, session: Session, holder_id: int, number: int, at: datetime) -> tuple[str, str]:
        """The text that the phone of the holder's pass shows, twice: there are no digits for it."""
        held = pass_of(session, holder_id, at)
        if held.id not in self._phones:
            phone = Phone()
            enrol(session, held, phone.key.point, uuid4(), "torture", COMMAND_LINE, at)
            self._phones[held.id], self._renew_at[held.id] = phone, at
        phone = self._phones[held.id]
        if at >= self._renew_at[held.id]:
            device = session.get_one(PassDevice, thumbprint(phone.key.point))
            enrolled = issue_credential(session, self._keyring, device, at)
            phone.credential, self._renew_at[held.id] = enrolled.credential, enrolled.renew_at
        text = phone.show(at, number)
        return text, text

    def ask(self, session: Session, holder_id: int, at: datetime) -> tuple[str, str]:
        """The text and the digits of a server's code."""
        code = mint(session, self._keyring, pass_of(session, holder_id, at), at)
        return code.text, code.code
