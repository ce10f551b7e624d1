"""verify: each corruption is found, and by its own name."""

from uuid import uuid4

import pytest
from sqlalchemy import select, text

from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.verify import INVARIANTS
from alliance.offers.limits import Limits
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Discount
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing
from tests.world import World


@pytest.fixture
def books(session: Session) -> Session:
    """Books with a bit of everything, derived, and in order."""
    for_writing(session)
    world = World(session)
    every = Limits(**dict.fromkeys(Limits.model_fields, 9) | {"budget_fen": 9999})
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limits=every)
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    world.redeem(10000, offer="CAP")
    part = uuid4()
    world.redeem(10000, offer="CAP", holder=world.salesman, id_=part)
    for which in (part, id_):
        reverse(
            session,
            world.counter(),
            uuid4(),
            which,
            "退货",
            world.at,
            refund_fen=1000,
            authority=Authority.MERCHANT,
        )
    session.commit()
    later = world.later(days=40)
    for month in pending_months(session, later):
        derive(session, month, later)
    for period in pending_periods(session, later):
        assert keep(session, prepare(session, period), later)
    session.commit()
    return session


def found(session: Session) -> set[str]:
    findings = [finding for invariant in INVARIANTS.values() for finding in invariant(session)]
    session.rollback()
    return {finding.invariant for finding in findings}


def test_books_in_order_have_no_findings(books: Session) -> None:
    assert found(books) == set()


@pytest.mark.parametrize(
    ("corruption", "names"),
    [
        ("UPDATE day_flows SET paid_fen = paid_fen + 1", {"derived_day"}),
        ("DELETE FROM day_flows", {"derived_day"}),
        ("UPDATE period_flows SET paid_fen = paid_fen - 1 WHERE employer_id > 0", {"derived_period"}),
        ("UPDATE period_flows SET is_hidden = NOT is_hidden", {"derived_period"}),
        ("UPDATE period_outlets SET holders = holders + 1", {"derived_period"}),
        ("DELETE FROM period_offers", {"derived_period"}),
        ("DELETE FROM period_figures WHERE axis = 'holder'", {"derived_period"}),
        ("UPDATE derived_periods SET derived_at = '2026-03-30 00:00:00'", {"derived_registry"}),
        ("DELETE FROM derived_periods WHERE kind = 'month'", {"derived_registry"}),
        ("UPDATE limit_counters SET used = used + 1 WHERE scope = 'total'", {"limit_counter"}),
        ("DELETE FROM limit_counters WHERE scope <> 'total'", {"limit_counter"}),
        ("UPDATE limit_counters SET used = used + 1 WHERE scope LIKE 'cooldown:%'", {"limit_counter"}),
        ("UPDATE limit_counters SET used = used + 1 WHERE scope LIKE 'outlet:%'", {"limit_counter"}),
        (
            "UPDATE limit_counters SET used = used + 1 WHERE scope LIKE 'household:%-W10'",
            {"limit_counter"},
        ),
        ("UPDATE limit_counters SET used = 2000 WHERE scope = 'budget'", {"limit_counter"}),
        ("UPDATE limit_counters SET scope = 'holder:0' WHERE scope = 'units'", {"limit_counter"}),
        ("UPDATE offer_revisions SET limits = '{}'", {"limit_counter"}),
        ("""UPDATE offer_revisions SET limits = '{"total": 1}'""", {"limit_counter", "limit_exceeded"}),
        ("""UPDATE offer_revisions SET limits = '{"outlet_day": 1}'""", {"limit_exceeded"}),
        ("""UPDATE offer_revisions SET limits = '{"budget_fen": 1800}'""", {"limit_exceeded"}),
        ("UPDATE redemptions SET quantity = 7", {"redemption_digest", "limit_counter", "limit_exceeded"}),
        # A fact that is wrong also no longer fits what was derived from it.
        (
            "UPDATE redemptions SET gross_fen = gross_fen + 5, paid_fen = paid_fen + 5",
            {"redemption_digest", "derived_day", "derived_period"},
        ),
        ("UPDATE redemptions SET quantity = 2", {"redemption_digest"}),
        ("UPDATE redemptions SET answer = '{}'", {"redemption_digest"}),
        ("UPDATE redemptions SET receipt_no = 'A-2', account_id = NULL", {"redemption_digest"}),
        ("UPDATE reversals SET reason = '别的'", {"reversal_digest"}),
        ("UPDATE reversals SET business_date = '2026-03-03'", {"reversal_digest", "reversal_date"}),
        (
            """UPDATE offer_revisions SET terms = '{"kind": "discount", "pay_permille": 100}'""",
            {"redemption_price"},
        ),
        ("UPDATE derived_months SET through = '2026-04-20'", {"derived_registry"}),
        ("DELETE FROM derived_months", {"derived_registry"}),
        (
            "UPDATE redemptions SET business_date = '2026-03-05'",
            {"redemption_digest", "redemption_business_date", "derived_day"},
        ),
        (
            "UPDATE reversals SET gross_fen = gross_fen - 90000, paid_fen = paid_fen - 90000",
            {"reversal_digest", "refunds_within_paid", "derived_day", "derived_period"},
        ),
    ],
)
def test_a_corrupted_row_is_named(books: Session, corruption: str, names: set[str]) -> None:
    books.execute(text(corruption))
    books.commit()
    assert found(books) >= names


def test_two_uses_too_close_together_are_named(session: Session) -> None:
    for_writing(session)
    world = World(session)
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limits=Limits(cool_down_minutes=30))
    world.redeem(offer="CAP")
    world.redeem(offer="CAP", holder=world.salesman, at=world.later(minutes=29))
    world.redeem(offer="CAP", at=world.later(minutes=30))
    session.commit()
    assert found(session) == set()
    revision = session.scalars(select(OfferRevision).where(OfferRevision.title == "优惠CAP")).one()
    revision.limits = {"cool_down_minutes": 31}
    session.commit()
    [finding] = INVARIANTS["limit_exceeded"](session)
    assert finding.stored == world.later(minutes=30)
    assert finding.expected == f"≥ {world.later(minutes=31)}"
