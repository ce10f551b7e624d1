"""The verbs of passes, phones and keys that the torture interrupts."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.passes import devices, issue, rotation
from alliance.passes.cose import thumbprint
from alliance.passes.models import PassDevice, SigningKey
from alliance.store import new_id
from tests.phones import KeyPair, Phone
from tests.torture.verb import Deed, verb
from tests.world import World


@verb(repeats=True)
def revoke_a_pass(world: World) -> Deed:
    holder = world.employee(world.garage, new_id().hex, "赵甲", f"+86{new_id().int % 10**11:011d}")
    id_ = issue.pass_of(world.session, holder.id, world.at).id
    return lambda session: issue.revoke(
        session, session.get_one(issue.Pass, id_), "丢失", COMMAND_LINE, world.at
    )


@verb(repeats=True)
def enrol_a_phone(world: World) -> Deed:
    """In place of the one that the same session had."""
    sign_in_id, by = uuid4(), COMMAND_LINE
    _, pass_id = new_phone(world, sign_in_id)
    point = KeyPair().point

    def enrol(session: Session) -> bytes:
        held = session.get_one(issue.Pass, pass_id)
        return devices.enrol(session, held, point, sign_in_id, "browser", by, world.at).key_id

    return enrol


@verb()
def renew_a_credential(world: World) -> Deed:
    """Another one each time."""
    phone, _ = new_phone(world)
    return lambda session: devices.issue_credential(session, world.keyring, _row(session, phone), world.at)


@verb(repeats=True)
def remove_a_phone(world: World) -> Deed:
    phone, _ = new_phone(world)
    return lambda session: (
        devices.remove(session, _row(session, phone), "丢失", COMMAND_LINE, world.at).key_id
    )


@verb()
def rotate_the_keys(world: World) -> Deed:
    return lambda session: rotation.rotate(session, world.keyring, COMMAND_LINE, world.at).kid


@verb(repeats=True)
def drop_a_key(world: World) -> Deed:
    """That never signed: what was signed already goes on verifying."""
    id_ = rotation.rotate(world.session, world.keyring, COMMAND_LINE, world.at, timedelta(days=999)).id

    def drop(session: Session) -> None:
        key = session.get_one(SigningKey, id_)
        rotation.drop(session, key, COMMAND_LINE, world.at, compromised=True)

    return drop


def new_phone(world: World, sign_in_id: UUID | None = None) -> tuple[Phone, int]:
    """A phone with a credential, and its pass: somebody else's each time, for a pass has two phones."""
    holder = world.employee(world.garage, new_id().hex, "孙丙", f"+86{new_id().int % 10**11:011d}")
    phone = world.phone(holder, sign_in_id=sign_in_id)
    return phone, issue.pass_of(world.session, holder.id, world.at).id


def _row(session: Session, phone: Phone) -> PassDevice:
    return session.get_one(PassDevice, thumbprint(phone.key.point))
