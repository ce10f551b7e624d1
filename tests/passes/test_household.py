"""The household: who joins it, how, and what ends with what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance import store
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Grant, Role
from alliance.accounts.sign_in import account_of_proven_phone
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes import household
from alliance.passes.household import HasPass, HouseholdFull, InvitationOver, NotEmployed, TooManyChanges
from alliance.passes.issue import pass_of
from alliance.passes.leaving import let_go, take_back
from alliance.people.employment import employment_on
from alliance.people.models import Holder, HolderKind, Invitation
from alliance.refused import Reason, Refused
from tests.world import World

MOST = 5
PHONE = "+8613700000001"


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def add(world: World, name: str = "张小宝", most: int = MOST) -> Holder:
    return household.add_dependant(world.session, world.mechanic, name, most, COMMAND_LINE, world.at)


def invite(world: World, most: int = MOST) -> str:
    return household.invite(world.session, world.mechanic, most, COMMAND_LINE, world.at)


def join(world: World, token: str, phone: str = PHONE, at=None) -> Holder:
    at = at or world.at
    invitation = household.find_invitation(world.session, token, at)
    return household.join(world.session, invitation, "赵敏", phone, COMMAND_LINE, at)


def refused(call, *args, **kwargs) -> Reason:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def test_children_and_elders_are_cards_and_an_adult_has_a_phone(world: World) -> None:
    son, nameless = add(world), add(world, "")
    wife = join(world, invite(world))
    found = household.household_of(world.session, world.mechanic.id, world.at)
    assert [holder.id for holder in found.dependants] == [son.id, nameless.id, wife.id]
    assert list(household.carried_by(world.session, world.mechanic.id)) == [son, nameless]
    assert {holder.kind for holder in found.dependants} == {HolderKind.DEPENDANT}
    assert (wife.phone, wife.sponsor_id, nameless.name) == (PHONE, world.mechanic.id, "")
    for holder in found.dependants:
        world.redeem(holder=holder)
    assert household.household_of(world.session, world.salesman.id, world.at).places_taken == 0


def test_a_household_has_so_many_places(world: World) -> None:
    """An open invitation holds one; withdrawn or expired, it gives it back."""
    add(world, most=3)
    invite(world, most=3)
    token = invite(world, most=3)
    for more in (add, invite):
        with pytest.raises(HouseholdFull):
            more(world, most=3)
    household.withdraw(
        world.session, household.find_invitation(world.session, token, world.at), COMMAND_LINE, world.at
    )
    add(world, most=3)
    with pytest.raises(HouseholdFull):
        add(world, most=3)
    world.at = world.later(days=7)
    add(world, most=3)
    household.add_dependant(world.session, world.salesman, "李小雨", 1, COMMAND_LINE, world.at)


def test_a_link_is_good_once_and_for_a_week(world: World) -> None:
    used, old, withdrawn = invite(world), invite(world), invite(world)
    join(world, used)
    household.withdraw(
        world.session, household.find_invitation(world.session, withdrawn, world.at), COMMAND_LINE, world.at
    )
    for token, at in (
        (used, world.at),
        (withdrawn, world.at),
        ("nothing", world.at),
        (old, world.later(days=7)),
    ):
        with pytest.raises(InvitationOver):
            join(world, token, "+8613700000002", at)
    join(world, old, "+8613700000002", world.later(days=7, seconds=-1))


def test_the_store_keeps_only_a_digest(world: World) -> None:
    token = invite(world)
    assert token.encode() not in world.session.scalars(select(Invitation.digest)).one()


def test_a_person_is_in_one_household(world: World) -> None:
    """Whoever has a pass, as an employee or in another family, does not join; the link stays good."""
    token = invite(world)
    join(world, invite(world))
    for phone in (world.milkman.phone, world.mechanic.phone, PHONE):
        with pytest.raises(HasPass):
            join(world, token, phone)
    join(world, token, "+8613700000002")


def test_a_former_employee_joins_a_family_when_the_leaving_is_final(world: World) -> None:
    """The phone is the relative's from then on, and the former grant ends."""
    salesman, phone = world.salesman, world.salesman.phone
    assert phone
    account = find_or_create_account(world.session, phone, salesman.name, world.at)
    held = grant(world.session, account, Role.HOLDER, COMMAND_LINE, world.at, holder_id=salesman.id)
    employment = employment_on(world.session, salesman.id, business_date(world.at))
    let_go(world.session, employment, COMMAND_LINE, world.at)
    token = invite(world)
    lately = world.later(days=29)
    with pytest.raises(InvitationOver):
        join(world, token, phone, lately)
    world.at = lately
    fresh = invite(world)
    assert household.has_pass(world.session, phone, lately)
    with pytest.raises(HasPass):
        join(world, fresh, phone, lately)
    final = lately + timedelta(days=1)
    assert not household.has_pass(world.session, phone, final)
    joined = join(world, fresh, phone, final)
    assert (salesman.phone, joined.phone, joined.sponsor_id) == (None, phone, world.mechanic.id)
    assert world.session.get_one(Grant, held.id).revoked_at == final
    world.redeem(holder=joined, at=final)


def test_all_lapse_with_the_employment_and_come_back_with_it(world: World) -> None:
    family = [add(world), join(world, invite(world))]
    shown = [world.shown(holder).text for holder in family]
    open_link = invite(world)
    employment = employment_on(world.session, world.mechanic.id, business_date(world.at))
    let_go(world.session, employment, COMMAND_LINE, world.at)
    world.session.flush()
    for holder, text in zip(family, shown, strict=True):
        assert refused(world.redeem, holder=holder) is Reason.NOT_ENTITLED, text
    with pytest.raises(InvitationOver):
        join(world, open_link, "+8613700000002")
    for more in (add, invite):
        with pytest.raises(NotEmployed):
            more(world)
    take_back(world.session, employment, COMMAND_LINE, world.later(minutes=1))
    world.session.flush()
    for holder in family:
        world.redeem(holder=holder)


def test_who_leaves_the_household_is_dead_at_once_and_free(world: World) -> None:
    wife, son = join(world, invite(world)), add(world)
    account = find_or_create_account(world.session, PHONE, "赵敏", world.at)
    held = grant(world.session, account, Role.HOLDER, COMMAND_LINE, world.at, holder_id=wife.id)
    text = world.shown(wife).text
    household.remove_dependant(world.session, wife, COMMAND_LINE, world.at)
    household.remove_dependant(world.session, wife, COMMAND_LINE, world.at)
    household.remove_dependant(world.session, son, COMMAND_LINE, world.at)  # one that never showed a code
    world.session.flush()
    assert refused(world.redeem, holder=wife) is Reason.REVOKED
    assert refused(pass_of, world.session, son.id, world.at) is Reason.REVOKED, text
    assert world.session.get_one(Grant, held.id).revoked_at == world.at
    assert household.household_of(world.session, world.mechanic.id, world.at).places_taken == 0
    assert household.dependant_of(world.session, world.mechanic.id, wife.id) is None
    # The number may join again, here or elsewhere.
    assert join(world, invite(world)).id != wife.id
    removals = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "household.remove")
    assert world.session.scalar(removals) == 2


def test_a_household_does_not_change_without_end(world: World) -> None:
    """Each who comes would have what an offer grants once per person, again and again."""
    for day in range(3):
        world.at = world.later(days=day)
        household.remove_dependant(world.session, add(world), COMMAND_LINE, world.at)
    for more in (add, invite):
        with pytest.raises(TooManyChanges):
            more(world)
    household.add_dependant(world.session, world.salesman, "李小雨", MOST, COMMAND_LINE, world.at)
    world.at = world.later(days=27)
    add(world)


def test_who_signs_in_while_being_removed_keeps_nothing(world: World, engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("writers of SQLite take turns: nothing comes between two statements of one")
    wife_id, waited = join(world, invite(world)).id, [False]
    world.session.commit()

    def remove(session: Session) -> None:
        household.remove_dependant(session, session.get_one(Holder, wife_id), COMMAND_LINE, world.at)
        session.commit()

    with store.sessionmaker_for(engine)() as signing_in, store.sessionmaker_for(engine)() as removing:
        removing.execute(sa.text("SET lock_timeout = '20ms'"))
        removing.commit()

        @sa.event.listens_for(signing_in.connection(), "after_cursor_execute", once=True)
        def _meanwhile(*_: object) -> None:
            try:
                remove(removing)
            except sa.exc.OperationalError:
                removing.rollback()
                waited[0] = True

        account_of_proven_phone(signing_in, PHONE, world.at)
        signing_in.commit()
        if waited[0]:
            remove(removing)
    alive = select(func.count()).select_from(Grant).where(Grant.revoked_at.is_(None))
    assert world.session.scalar(alive.where(Grant.holder_id == wife_id)) == 0


def test_a_strangers_dependant_is_not_there(world: World) -> None:
    son = add(world)
    assert household.dependant_of(world.session, world.mechanic.id, son.id) is son
    assert household.dependant_of(world.session, world.salesman.id, son.id) is None
    assert household.dependant_of(world.session, world.mechanic.id, world.salesman.id) is None


def together(engine: sa.Engine, world: World, deed) -> list[str]:
    """The deed in eight threads at one moment, each in a transaction; what became of each."""
    world.session.commit()
    barrier = Barrier(8)

    def one(number: int) -> str:
        with store.sessionmaker_for(engine)() as session:
            store.for_writing(session)
            barrier.wait()
            try:
                deed(session, number)
                session.commit()
            except (HouseholdFull, InvitationOver, HasPass) as no:
                return type(no).__name__
            return "done"

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(one, range(8)))


def test_of_eight_that_take_the_last_place_one_has_it(world: World, engine: sa.Engine) -> None:
    add(world, most=2)
    employee = world.mechanic

    def deed(session: Session, number: int) -> None:
        household.add_dependant(
            session, session.get_one(Holder, employee.id), f"孩{number}", 2, COMMAND_LINE, world.at
        )

    assert sorted(together(engine, world, deed)) == ["HouseholdFull"] * 7 + ["done"]


def test_of_eight_that_follow_one_link_one_joins(world: World, engine: sa.Engine) -> None:
    token = invite(world)

    def deed(session: Session, number: int) -> None:
        found = household.find_invitation(session, token, world.at)
        household.join(session, found, "赵敏", f"+861370000010{number}", COMMAND_LINE, world.at)

    assert sorted(together(engine, world, deed)) == ["InvitationOver"] * 7 + ["done"]


def test_of_eight_links_one_takes_a_phone(world: World, engine: sa.Engine) -> None:
    tokens = [invite(world, most=8) for _ in range(8)]

    def deed(session: Session, number: int) -> None:
        found = household.find_invitation(session, tokens[number], world.at)
        household.join(session, found, "赵敏", PHONE, COMMAND_LINE, world.at)

    assert sorted(together(engine, world, deed)) == ["HasPass"] * 7 + ["done"]


def test_a_link_lives_a_week() -> None:
    assert timedelta(days=7) == household.INVITATION_LIFETIME
