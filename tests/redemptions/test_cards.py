"""A printed card at the counter: shown many times, compared, within a day's ceiling at all merchants."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date
from alliance.offers.pricing import Discount, Threshold
from alliance.passes.cards import BY_EMPLOYER, Printout, revoke_card
from alliance.passes.issue import pass_of, revoke
from alliance.passes.models import PresentationUse
from alliance.people.employment import employment_on, leave
from alliance.people.models import Employment
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import CardSpending, Redemption, Scan
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from tests.redemptions.test_statements import statements
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def card(world: World) -> Printout:
    return world.card()


def scanned(world: World, text: str, counter: Counter | None = None, **delta: float) -> Scan:
    return scan(world.session, world.keyring, counter or world.counter(), uuid4(), text, world.later(**delta))


def pay(
    world: World, text: str, gross_fen: int, counter: Counter | None = None, offer: str = "MILK", **more: Any
) -> UUID:
    """A redemption by card, at the dairy unless another counter is given; its id."""
    made, id_ = scanned(world, text, counter), uuid4()
    order = Order(id_, offer, gross_fen, name_compared=True)
    redeem(world.session, counter or world.counter(), made.id, order, world.at, **more)
    return id_


def refused(world: World, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Refused | None:
    try:
        with world.session.begin_nested():
            call(world, *args, **kwargs)
    except Refused as reason:
        return reason
    return None


def reason(world: World, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Reason | None:
    found = refused(world, call, *args, **kwargs)
    return found.reason if found else None


def spent(world: World) -> int:
    return world.session.scalar(select(func.coalesce(func.sum(CardSpending.used_fen), 0))) or 0


def findings(world: World) -> list[Any]:
    world.session.flush()
    return [
        finding
        for name in ("evidence", "fact_of_scan", "card_spending", "limit_counter")
        for finding in INVARIANTS[name](world.session)
    ]


def test_it_is_scanned_again_and_again_and_leaves_its_evidence(world: World, card: Printout) -> None:
    first, second = scanned(world, card.text), scanned(world, card.text)
    assert first.id != second.id
    assert first.card_id == second.card_id == card.card.cti
    assert first.evidence == card.text
    assert first.pass_id == pass_of(world.session, world.mechanic.id, world.at).id
    assert world.session.scalar(select(func.count()).select_from(PresentationUse)) == 0
    assert findings(world) == []


def test_the_same_scan_sent_again_is_the_same_scan(world: World, card: Printout) -> None:
    id_, call = uuid4(), (world.session, world.keyring, world.counter())
    assert scan(*call, id_, card.text, world.at).id == scan(*call, id_, card.text, world.later(hours=1)).id
    assert world.session.scalar(select(func.count()).select_from(Scan)) == 1
    with pytest.raises(Refused) as other:
        scan(*call, id_, world.card(world.salesman).text, world.at)
    assert other.value.reason is Reason.BODY_MISMATCH


def test_a_phones_scan_knows_of_no_card(world: World) -> None:
    assert scanned(world, world.phone().show(world.at)).card_id is None
    assert scanned(world, world.shown().text).card_id is None


def test_nothing_is_charged_before_the_name_was_compared(world: World, card: Printout) -> None:
    made = scanned(world, card.text)
    with pytest.raises(Refused) as caught, world.session.begin_nested():
        redeem(world.session, world.counter(), made.id, Order(uuid4(), "MILK", 1000), world.at)
    assert caught.value.reason is Reason.NAME_NOT_COMPARED
    order = Order(uuid4(), "MILK", 1000, name_compared=True)
    told = json.loads(redeem(world.session, world.counter(), made.id, order, world.at).body)
    assert told["holder"]["name"] == "张**"
    again = redeem(world.session, world.counter(), made.id, order, world.at)
    assert again.replayed
    with pytest.raises(Refused) as caught:
        redeem(world.session, world.counter(), made.id, Order(order.id, "MILK", 1000), world.at)
    assert caught.value.reason is Reason.BODY_MISMATCH
    assert findings(world) == []


@pytest.mark.parametrize("compared", [True, False])
def test_not_in_one_call(world: World, card: Printout, compared: bool) -> None:
    order = Order(uuid4(), "MILK", 1000, name_compared=compared)
    with pytest.raises(Refused) as caught:
        redeem_at_once(world.session, world.keyring, world.counter(), card.text, order, world.at)
    assert caught.value.reason is Reason.NAME_NOT_COMPARED


def test_it_dies_with_itself_with_the_pass_and_with_the_employment(world: World, card: Printout) -> None:
    made, other = scanned(world, card.text), world.card(world.salesman)
    order = Order(uuid4(), "MILK", 1000, name_compared=True)
    new = world.card(anew=True)
    assert reason(world, scanned, card.text) is Reason.REVOKED
    # Also what was scanned before the card was reported lost.
    with pytest.raises(Refused) as caught, world.session.begin_nested():
        redeem(world.session, world.counter(), made.id, order, world.at)
    assert caught.value.reason is Reason.REVOKED
    assert reason(world, scanned, new.text) is None
    today = business_date(world.at)
    leave(world.session, employment_on(world.session, world.mechanic.id, today), today, world.at)  # type: ignore[arg-type]
    world.session.flush()
    assert reason(world, scanned, new.text) is Reason.NOT_ENTITLED
    elsewhere = Employment(
        holder_id=world.mechanic.id, enterprise_id=world.dairy.id, staff_no="9", starts_on=today
    )
    world.session.add(elsewhere)
    world.session.flush()
    # Another employer stands on it.
    assert reason(world, scanned, new.text) is Reason.REVOKED
    revoke(world.session, pass_of(world.session, world.salesman.id, world.at), "x", COMMAND_LINE, world.at)
    assert reason(world, scanned, other.text) is Reason.REVOKED


def test_revoking_the_card_leaves_the_phone_alone(world: World, card: Printout) -> None:
    revoke_card(world.session, card.card, BY_EMPLOYER, COMMAND_LINE, world.at)
    assert reason(world, scanned, card.text) is Reason.REVOKED
    assert reason(world, scanned, world.phone().show(world.at)) is None


def test_a_card_of_which_the_store_knows_nothing(world: World, card: Printout) -> None:
    world.session.execute(sa.text("DELETE FROM printed_cards"))
    assert reason(world, scanned, card.text) is Reason.UNKNOWN_KEY


# --- the ceiling -------------------------------------------------------------------------------------


def test_the_ceiling_is_of_what_is_paid_at_all_merchants_together(world: World, card: Printout) -> None:
    """¥500: 8折 of ¥500 is ¥400, and ¥100 are left, at the garage too."""
    hall = world.counter(world.garage_hall)
    pay(world, card.text, 50_000)
    assert spent(world) == 40_000
    found = refused(world, pay, card.text, 20_002, hall, "WASH")
    assert found is not None
    assert (found.reason, found.params) == (Reason.CARD_CEILING, {"limit": 50_000, "left": 10_000})
    pay(world, card.text, 20_000, hall, "WASH")
    assert spent(world) == 50_000
    found = refused(world, pay, card.text, 1_000)
    assert found is not None
    assert found.params == {"limit": 50_000, "left": 0}
    assert findings(world) == []


def test_what_alone_is_above_it_and_what_costs_nothing(world: World, card: Printout) -> None:
    assert reason(world, pay, card.text, 62_501) is Reason.CARD_CEILING
    assert spent(world) == 0
    pay(world, card.text, 62_500)
    assert spent(world) == 50_000
    world.live_offer(world.dairy, "FREE", Threshold(threshold_fen=1_000, off_fen=1_000))
    assert reason(world, pay, card.text, 1_000, offer="FREE") is None
    assert findings(world) == []


def test_phones_and_other_people_and_other_days_are_not_counted(world: World, card: Printout) -> None:
    pay(world, card.text, 62_500)
    world.redeem(100_000)
    assert spent(world) == 50_000
    pay(world, world.card(world.salesman).text, 62_500)
    tomorrow = world.later(days=1)
    made = scan(world.session, world.keyring, world.counter(), uuid4(), card.text, tomorrow)
    order = Order(uuid4(), "MILK", 62_500, name_compared=True)
    redeem(world.session, world.counter(), made.id, order, tomorrow)
    assert world.session.scalar(select(func.count()).select_from(CardSpending)) == 3
    assert findings(world) == []


def test_another_card_of_the_same_holder_is_the_same_holder(world: World, card: Printout) -> None:
    pay(world, card.text, 62_500)
    assert reason(world, pay, world.card(anew=True).text, 1_000) is Reason.CARD_CEILING


def test_the_alliance_may_set_another(world: World, card: Printout) -> None:
    shop = world.dairy_shop
    little = Counter(shop.merchant_id, shop.id, card_ceiling_fen=800)
    pay(world, card.text, 1_000, little)
    assert reason(world, pay, card.text, 1_000, little) is Reason.CARD_CEILING
    assert reason(world, pay, card.text, 1_000) is None
    none = Counter(shop.merchant_id, shop.id, card_ceiling_fen=0)
    assert reason(world, pay, world.card(world.salesman).text, 1_000, none) is Reason.CARD_CEILING


def test_a_reversal_gives_back_on_its_own_day(world: World, card: Printout) -> None:
    whole, part = pay(world, card.text, 10_000), pay(world, card.text, 20_000)
    assert spent(world) == 24_000
    call, authority = (world.session, world.counter()), Authority.MERCHANT
    later = world.later(days=3)
    reverse(*call, uuid4(), part, "x", later, authority=authority, refund_fen=6_000)
    assert spent(world) == 18_000
    reverse(*call, uuid4(), whole, "x", later, authority=authority)
    assert spent(world) == 10_000
    reverse(*call, uuid4(), part, "x", later, authority=authority)
    assert spent(world) == 0
    rows = world.session.scalars(select(CardSpending.business_date)).all()
    assert rows == [business_date(world.at)]
    assert findings(world) == []


def test_a_correction_takes_up_to_what_it_gives_back_whatever_the_ceiling(
    world: World, card: Printout
) -> None:
    old = pay(world, card.text, 62_500)
    shop = world.dairy_shop
    lower = Counter(shop.merchant_id, shop.id, card_ceiling_fen=10_000)

    def corrected(_: World, old_id: UUID, gross_fen: int) -> UUID:
        new = uuid4()
        wanted = Correction(new, uuid4(), old_id, gross_fen, None, "x")
        correct(world.session, lower, Authority.MERCHANT, wanted, world.later(minutes=1))
        return new

    assert reason(world, corrected, old, 62_502) is Reason.CARD_CEILING
    assert spent(world) == 50_000
    new = corrected(world, old, 50_000)
    assert spent(world) == 40_000
    assert reason(world, corrected, new, 25_000) is None
    assert spent(world) == 20_000
    assert findings(world) == []


def test_the_ceiling_before_the_offers_own_limits(world: World, card: Printout) -> None:
    world.live_offer(world.dairy, "ONCE", Discount(pay_permille=800), limit_holder=1)
    pay(world, card.text, 1_000, offer="ONCE")
    assert reason(world, pay, card.text, 1_000, offer="ONCE") is Reason.LIMIT_HOLDER
    pay(world, card.text, 61_500)
    assert reason(world, pay, card.text, 1_000, offer="ONCE") is Reason.CARD_CEILING
    assert findings(world) == []


# --- what it costs, and what is verified -------------------------------------------------------------


def test_a_card_costs_one_link_and_a_phone_none(world: World, card: Printout, engine: sa.Engine) -> None:
    at_once = engine.dialect.name == "postgresql"
    counts = []
    for text in (world.shown().text, card.text):
        made, order = scanned(world, text), Order(uuid4(), "MILK", 1_000, name_compared=True)
        counter = world.counter()
        world.session.commit()
        with statements(engine) as seen:
            redeem(world.session, counter, made.id, order, world.at)
        world.session.commit()
        counts.append(len(seen))
    assert counts == ([4, 4] if at_once else [5, 6])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_driver_remembers_how_to_send_them(world: World, card: Printout, engine: sa.Engine) -> None:
    """As ``test_statements`` has it of phones."""
    with statements(engine) as seen:
        pay(world, card.text, 1_000)
    assert len(seen) >= 6
    assert max(map(len, seen)) <= 4096


@pytest.mark.parametrize(
    ("corruption", "names"),
    [
        ("UPDATE card_spendings SET used_fen = used_fen - 1", {"card_spending"}),
        ("DELETE FROM card_spendings", {"card_spending"}),
        ("UPDATE scans SET card_id = NULL", {"evidence", "card_spending"}),
        ("UPDATE scans SET evidence = NULL WHERE card_id IS NOT NULL", {"evidence"}),
        ("UPDATE scans SET evidence = evidence || '00' WHERE card_id IS NOT NULL", {"evidence"}),
        ("UPDATE printed_cards SET pass_id = (SELECT max(id) FROM passes)", {"evidence"}),
        ("UPDATE printed_cards SET employer_id = (SELECT min(id) FROM enterprises)", {"fact_of_scan"}),
        (
            "UPDATE scans SET at = '2027-01-01 00:00:00+00:00' WHERE card_id IS NOT NULL",
            {"evidence", "fact_of_scan"},
        ),
    ],
)  # fmt: skip
def test_a_corrupted_row_is_named(world: World, card: Printout, corruption: str, names: set[str]) -> None:
    pay(world, card.text, 1_000)
    world.redeem(holder=world.milkman)
    world.session.commit()
    assert findings(world) == []
    world.session.execute(sa.text(corruption))
    world.session.commit()
    world.session.expire_all()
    assert {finding.invariant for finding in findings(world)} == names


def test_a_phones_code_is_no_cards(world: World, card: Printout) -> None:
    """The scan of a phone that is made one of a card, and the other way round."""
    phone = scanned(world, world.shown().text)
    by_card = scanned(world, card.text)
    world.session.execute(sa.update(Scan).where(Scan.id == phone.id).values(card_id=card.card.cti))
    world.session.execute(sa.update(Scan).where(Scan.id == by_card.id).values(card_id=None))
    assert len(findings(world)) == 2


def test_every_fact_by_card_is_a_fact_like_any_other(world: World, card: Printout) -> None:
    id_ = pay(world, card.text, 1_000)
    fact = world.session.get_one(Redemption, (world.dairy.id, id_))
    assert (fact.holder_id, fact.paid_fen) == (world.mechanic.id, 800)
