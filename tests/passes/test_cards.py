"""Printed cards: what is printed, one that is good per holder, and what makes it dead."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes import cards, cose
from alliance.passes.cards import CARD_INDICES, HasCard, Printout, card_of, print_card, revoke_card
from alliance.passes.credential import Credential, CredentialClass, sign, verify
from alliance.passes.issue import pass_of, revoke
from alliance.passes.keys import Keyring
from alliance.passes.models import CardRevocation, PrintedCard, SigningKey
from alliance.passes.presentation import verify_shown
from alliance.passes.rotation import StillNeeded, drop, rotate
from alliance.people.employment import employment_on, leave
from alliance.people.models import Employment
from alliance.refused import Reason, Refused
from alliance.store import for_writing, sessionmaker_for
from tests.passes.test_status_list import revoked
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def held(world: World, **delta: float) -> PrintedCard | None:
    return card_of(world.session, world.mechanic.id, world.garage.id, world.later(**delta))


def actions(world: World) -> list[tuple[str, dict]]:
    world.session.flush()
    entries = world.session.scalars(select(AuditEntry).where(AuditEntry.action.like("card.%")))
    return [(entry.action, entry.detail) for entry in entries.all()]


def test_what_is_printed(world: World) -> None:
    """The name in full is on paper; the code names nobody, and the store keeps no code."""
    made = world.card()
    assert (made.name, made.employer) == (world.mechanic.name, world.garage.name)
    credential = verify(world.session, world.keyring, made.text, world.at)
    assert credential.class_ == CredentialClass.PRINTED
    assert credential.cnf is None
    assert credential.status_index in CARD_INDICES
    assert credential.cti == made.card.cti
    assert made.number == cards.number_of(made.card)
    assert len(made.number) == 9
    rows = world.session.execute(select(PrintedCard.__table__)).one()
    assert made.text not in map(str, rows)


def test_it_is_good_until_the_end_of_its_last_day_and_no_longer_than_180_days(world: World) -> None:
    made = world.card()
    assert made.last_day == business_date(world.at) + timedelta(days=179)
    assert made.card.expires_at - made.card.issued_at <= timedelta(days=180)
    end = made.card.expires_at
    assert business_date(end - timedelta(seconds=1)) == made.last_day
    assert verify_shown(world.session, world.keyring, made.text, end - timedelta(seconds=1))
    with pytest.raises(Refused) as refused:
        verify_shown(world.session, world.keyring, made.text, end)
    assert refused.value.reason is Reason.EXPIRED
    assert held(world, days=179) is not None
    assert held(world, days=180) is None
    world.card(at=world.later(days=180))


def test_the_size_that_the_document_states(world: World) -> None:
    credential = {"4": 2**31, "6": 2**31 - 86400, "7": bytes(8), "-65537": 2, "-65538": CARD_INDICES[-1]}
    key = world.keyring.signing_key(world.session, world.at)
    text = sign(Credential.model_validate(credential), key)
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=True)
    assert (len(cose.from_text(text)), len(text), code.version) == (134, 201, 8)


def test_one_card_at_a_time_and_a_lost_one_is_dead_when_it_is_printed_again(world: World) -> None:
    first = world.card()
    with pytest.raises(HasCard):
        world.card()
    second = world.card(anew=True, at=world.later(minutes=1))
    gone = world.session.scalars(select(CardRevocation)).one()
    assert (gone.cti, gone.reason) == (first.card.cti, cards.REPLACED)
    found = held(world, minutes=2)
    assert found is not None
    assert found.cti == second.card.cti
    assert first.card.status_index != second.card.status_index
    assert actions(world) == [
        ("card.issue", {"card": first.number}),
        ("card.reprint", {"card": second.number, "replaces": first.number}),
    ]


def test_printing_anew_without_one_is_printing(world: World) -> None:
    assert world.card(anew=True)
    assert [action for action, _ in actions(world)] == ["card.issue"]


def test_revoking_twice_is_revoking_once(world: World) -> None:
    made = world.card()
    for minute in (1, 2):
        revoke_card(world.session, made.card, cards.BY_EMPLOYER, COMMAND_LINE, world.later(minutes=minute))
    assert held(world, minutes=3) is None
    assert [action for action, _ in actions(world)] == ["card.issue", "card.revoke"]
    assert world.session.scalars(select(CardRevocation.at)).one() == world.later(minutes=1)
    world.card()


def test_who_is_not_entitled_gets_none(world: World) -> None:
    with pytest.raises(Refused) as refused:
        print_card(
            world.session,
            world.keyring,
            world.mechanic.id,
            COMMAND_LINE,
            world.at,
            employer_id=world.dairy.id,
        )
    assert refused.value.reason is Reason.NOT_ENTITLED
    revoke(world.session, pass_of(world.session, world.mechanic.id, world.at), "x", COMMAND_LINE, world.at)
    today = business_date(world.at)
    leave(world.session, employment_on(world.session, world.salesman.id, today), today, world.at)  # type: ignore[arg-type]
    world.session.flush()
    for holder, reason in ((world.mechanic, Reason.REVOKED), (world.salesman, Reason.NOT_ENTITLED)):
        with pytest.raises(Refused) as refused:
            world.card(holder)
        assert refused.value.reason is reason


def test_who_goes_to_another_employer_needs_another_card(world: World) -> None:
    old = world.card()
    today = business_date(world.at)
    leave(world.session, employment_on(world.session, world.mechanic.id, today), today, world.at)  # type: ignore[arg-type]
    world.session.flush()
    assert revoked(world) == {old.card.status_index}
    moved = Employment(
        holder_id=world.mechanic.id, enterprise_id=world.dairy.id, staff_no="9", starts_on=today
    )
    world.session.add(moved)
    world.session.flush()
    assert revoked(world) == {old.card.status_index}
    new = world.card()
    assert new.employer == world.dairy.name
    assert revoked(world) == {old.card.status_index}
    assert held(world) is None


def test_the_status_list_speaks_of_revoked_cards(world: World) -> None:
    first, other = world.card(), world.card(world.salesman)
    assert revoked(world) == set()
    again = world.card(anew=True)
    assert revoked(world) == {first.card.status_index}
    revoke(world.session, pass_of(world.session, world.salesman.id, world.at), "x", COMMAND_LINE, world.at)
    assert revoked(world) == {first.card.status_index, other.card.status_index}
    assert again.card.status_index not in revoked(world)
    assert revoked(world, days=180) == set()


def test_a_key_is_needed_until_its_last_card_ends(world: World) -> None:
    made = world.card()
    first = world.session.scalars(select(SigningKey)).one()
    rotate(world.session, world.keyring, COMMAND_LINE, world.at)
    with pytest.raises(StillNeeded) as needed:
        drop(world.session, first, COMMAND_LINE, world.later(days=30))
    assert needed.value.until == made.card.expires_at
    revoke_card(world.session, made.card, cards.BY_EMPLOYER, COMMAND_LINE, world.later(days=30))
    drop(world.session, first, COMMAND_LINE, world.later(days=30))


def test_a_leaked_key_takes_its_cards_with_it(world: World) -> None:
    made = world.card()
    first = world.session.scalars(select(SigningKey)).one()
    drop(world.session, first, COMMAND_LINE, world.at, compromised=True)
    world.session.flush()
    with pytest.raises(Refused) as refused:
        verify_shown(world.session, Keyring("a secret of the tests"), made.text, world.at)
    assert refused.value.reason is Reason.UNKNOWN_KEY
    assert held(world) is None
    assert world.card(at=world.later(minutes=2))


def test_two_desks_at_once_print_one_card(world: World, engine: sa.Engine) -> None:
    pass_of(world.session, world.mechanic.id, world.at)
    world.keyring.signing_key(world.session, world.at)
    world.session.commit()
    barrier, make = Barrier(8), sessionmaker_for(engine)

    def printed(_: int) -> Printout | None:
        with make() as session:
            for_writing(session)
            barrier.wait()
            try:
                made = print_card(session, world.keyring, world.mechanic.id, COMMAND_LINE, world.at)
            except HasCard:
                return None
            session.commit()
            return made

    with ThreadPoolExecutor(8) as pool:
        assert len([made for made in pool.map(printed, range(8)) if made]) == 1


def test_the_family_too_but_nobody_without_a_name(world: World) -> None:
    """Of a child under 14 there is no name to compare."""
    made = world.card(world.dependant(world.mechanic, "张桂兰"))
    assert (made.name, made.employer) == ("张桂兰", world.garage.name)
    with pytest.raises(Refused) as refused:
        world.card(world.dependant(world.mechanic, ""))
    assert refused.value.reason is Reason.NOT_ENTITLED
