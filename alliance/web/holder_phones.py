"""The phones that show a holder's pass, for those who may remove one: the holder, HR, the organizer."""

from collections.abc import Sequence

from flask import abort
from sqlalchemy.orm import Session

from alliance.passes.devices import Device, devices_of
from alliance.passes.issue import newest_pass
from alliance.passes.models import PassDevice


def phones_of(session: Session, holder_id: int) -> Sequence[Device]:
    """The phones that show the holder's pass, those removed too."""
    held = newest_pass(session, holder_id)
    return devices_of(session, held.id) if held else []


def phone_or_404(session: Session, holder_id: int, key_id: bytes) -> PassDevice:
    """One of the holder's phones."""
    held, device = newest_pass(session, holder_id), session.get(PassDevice, key_id)
    return device if device is not None and held is not None and device.pass_id == held.id else abort(404)
