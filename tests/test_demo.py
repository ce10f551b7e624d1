"""The demo world: everybody can sign in, and its books are in order."""

from sqlalchemy import func, select

from alliance import clock, demo
from alliance.accounts.models import Account, Grant, Role
from alliance.accounts.passwords import is_right
from alliance.circulation.verify import INVARIANTS
from alliance.offers.models import OfferApproval, OfferRevision
from alliance.passes.keys import Keyring
from alliance.people.phones import parse_phone
from alliance.redemptions.models import Redemption
from alliance.store import Session, for_writing


def test_it_is_whole(session: Session) -> None:
    for_writing(session)
    demo.load(session, Keyring("a secret of the tests"), clock.now())
    session.commit()
    assert session.scalar(select(func.count()).select_from(Redemption)) == 6 * demo.DAYS
    assert [f for invariant in INVARIANTS.values() for f in invariant(session)] == []
    roles = set()
    for _, phone, password in demo.SIGN_INS:
        account = session.scalars(select(Account).where(Account.phone == parse_phone(phone))).one()
        assert is_right(account.password_hash, password)
        roles |= set(session.scalars(select(Grant.role).where(Grant.account_id == account.id)))
    assert roles == set(Role)
    # One offer waits, so that the organizer has something to approve.
    waiting = session.scalar(select(func.count()).select_from(OfferRevision)) - session.scalar(
        select(func.count()).select_from(OfferApproval)
    )
    assert waiting == 1
