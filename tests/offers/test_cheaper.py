"""别处更便宜: reported, answered, decided, and once more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.cheaper import (
    DAYS_TO_ANSWER,
    MOST_A_DAY,
    CheaperInvalid,
    Said,
    Seen,
    Standing,
    StepKind,
    answer,
    close,
    is_overdue,
    reopen,
    report,
    standing,
    steps_of,
    working_days,
)
from alliance.offers.life import Draft, submit
from alliance.offers.models import CheaperReport, OfferRevision
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.pictures.intake import clean
from alliance.pictures.keep import keep
from alliance.store import for_writing, make_engine, sessionmaker_for
from tests.pictures.photos import photo
from tests.world import World

SEEN, LINKED = Seen("解放路大润发", 450), Said("同样的盒装", "https://example.com/milk")


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def offer(world: World) -> OfferRevision:
    return world.live_offer(world.dairy, "PRICE", AlliancePrice(unit_price_fen=500))


@pytest.fixture
def reported(world: World, offer: OfferRevision) -> CheaperReport:
    return make(world, offer)


def make(world: World, offer: OfferRevision, said: Said = LINKED, holder=None, at=None) -> CheaperReport:
    holder = holder or world.mechanic
    return report(world.session, holder.id, offer, SEEN, said, COMMAND_LINE, at or world.at)


def where(world: World, reported: CheaperReport) -> Standing:
    return standing(steps_of(world.session, [reported.id])[reported.id])


def refused(verb, *args) -> tuple[str, str]:
    with pytest.raises(CheaperInvalid) as caught:
        verb(*args)
    return caught.value.field, caught.value.problem


def lower(world: World, terms, code: str = "PRICE", minutes: int = 5) -> OfferRevision:
    draft = Draft(code=code, title="优惠PRICE", terms=terms)
    return submit(world.session, world.dairy.id, draft, COMMAND_LINE, world.later(minutes=minutes))


def test_from_report_to_verdict_and_back(world: World, session: Session, reported: CheaperReport) -> None:
    asked = (session, reported)
    assert where(world, reported) is Standing.OPEN
    at = world.later(hours=1)
    answer(*asked, StepKind.EXPLAINED, Said("那是临期产品"), COMMAND_LINE, at)
    assert where(world, reported) is Standing.ANSWERED
    answer(*asked, StepKind.PROVED, Said("价签", "https://example.com/tag"), COMMAND_LINE, at)
    close(*asked, StepKind.DISMISSED, Said("日期不同"), COMMAND_LINE, at)
    assert where(world, reported) is Standing.DISMISSED
    assert refused(answer, *asked, StepKind.EXPLAINED, Said("还有"), COMMAND_LINE, at) == ("", "closed")
    assert refused(close, *asked, StepKind.UPHELD, Said(), COMMAND_LINE, at) == ("", "closed")
    assert refused(reopen, *asked, Said(), COMMAND_LINE, at) == ("words", "missing")
    reopen(*asked, Said("请补一张价签"), COMMAND_LINE, at)
    assert where(world, reported) is Standing.OPEN
    assert refused(reopen, *asked, Said("再来"), COMMAND_LINE, at) == ("", "open")
    close(*asked, StepKind.UPHELD, Said(), COMMAND_LINE, at)
    assert where(world, reported) is Standing.UPHELD
    deeds = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject == f"cheaper_report:{reported.id}")
    ).all()
    assert sorted(deeds) == [
        "cheaper.answer", "cheaper.answer", "cheaper.close", "cheaper.close", "cheaper.reopen",
        "cheaper.report",
    ]  # fmt: skip


def test_accepting_needs_a_lower_price_since(world: World, session: Session, reported) -> None:
    deed = (answer, session, reported, StepKind.LOWERED, Said(), COMMAND_LINE, world.later(hours=1))
    assert refused(*deed) == ("kind", "not_lowered")
    lower(world, AlliancePrice(unit_price_fen=500))
    assert refused(*deed) == ("kind", "not_lowered")
    lower(world, AlliancePrice(unit_price_fen=510))
    assert refused(*deed) == ("kind", "not_lowered")
    lower(world, AlliancePrice(unit_price_fen=100), code="OTHER")
    assert refused(*deed) == ("kind", "not_lowered")
    cheaper = lower(world, AlliancePrice(unit_price_fen=440))
    deed[0](*deed[1:])
    assert steps_of(session, [reported.id])[reported.id][0].revision_id == cheaper.id


def test_of_other_kinds_any_new_terms_are_looked_at_by_the_organizer(world: World, session: Session) -> None:
    offer = world.live_offer(world.dairy, "PRICE", Discount(pay_permille=900))
    reported = make(world, offer)
    lower(world, Discount(pay_permille=800))
    answer(session, reported, StepKind.LOWERED, Said(), COMMAND_LINE, world.later(hours=1))
    assert where(world, reported) is Standing.ANSWERED


@pytest.mark.parametrize(
    ("kind", "said", "fault"),
    [
        (StepKind.EXPLAINED, Said(), ("words", "missing")),
        (StepKind.PROVED, Said("有证据"), ("link", "without_proof")),
        (StepKind.PROVED, Said("有证据", "javascript:alert(1)"), ("link", "not_a_link")),
    ],
)
def test_an_answer_says_something(world: World, session: Session, reported, kind, said, fault) -> None:
    assert refused(answer, session, reported, kind, said, COMMAND_LINE, world.at) == fault


def test_a_report_needs_a_link_or_a_photo(world: World, offer: OfferRevision) -> None:
    assert refused(make, world, offer, Said("就是便宜")) == ("link", "without_proof")
    assert refused(make, world, offer, Said(link="file:///etc/passwd")) == ("link", "not_a_link")
    kept = keep(world.session, world.dairy.id, clean(photo()), 9, COMMAND_LINE, world.at)
    foreign = keep(world.session, world.garage.id, clean(photo()), 9, COMMAND_LINE, world.at)
    assert refused(make, world, offer, Said(picture_id=foreign.id)) == ("picture", "not_there")
    assert make(world, offer, Said(picture_id=kept.id)).picture_id == kept.id


def test_one_report_at_a_time_for_an_offer(world: World, session: Session, offer, reported) -> None:
    assert refused(make, world, offer) == ("", "open_already")
    make(world, offer, holder=world.milkman)
    answer(session, reported, StepKind.EXPLAINED, Said("临期"), COMMAND_LINE, world.at)
    assert make(world, offer).id != reported.id


def test_a_holder_reports_so_often_in_a_day(world: World) -> None:
    terms = Discount(pay_permille=900)
    offers = [world.live_offer(world.dairy, f"O-{number}", terms) for number in range(MOST_A_DAY + 1)]
    for each in offers[:MOST_A_DAY]:
        make(world, each)
    assert refused(make, world, offers[-1]) == ("", "too_many")
    make(world, offers[-1], holder=world.milkman)
    make(world, offers[-1], at=world.later(days=1))


def test_many_reports_at_once_stay_within_the_day(engine: sa.Engine, database_url: str) -> None:
    with sessionmaker_for(engine)() as session:
        for_writing(session)
        world = World(session)
        terms = Discount(pay_permille=900)
        keys = [
            (each.merchant_id, each.id)
            for each in (world.live_offer(world.dairy, f"O-{number}", terms) for number in range(8))
        ]
        holder_id, at = world.mechanic.id, world.at
        session.commit()
    barrier, other = Barrier(8), make_engine(database_url)

    def run(key) -> bool:
        with sessionmaker_for(other)() as session:
            for_writing(session)
            barrier.wait()
            try:
                revision = session.get_one(OfferRevision, key)
                report(session, holder_id, revision, SEEN, LINKED, COMMAND_LINE, at)
            except CheaperInvalid:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, keys)) == MOST_A_DAY
    other.dispose()


def test_working_days_leave_out_the_weekend() -> None:
    friday = datetime(2026, 3, 6, 4, tzinfo=UTC)
    for passed, counted in ((0, 0), (1, 0), (3, 0), (4, 1), (5, 2), (6, 3), (7, 4), (11, 6)):
        assert working_days(friday, friday + timedelta(days=passed)) == counted, passed


def test_who_lets_the_days_pass_is_overdue(world: World, session: Session, reported) -> None:
    late = world.later(days=14)
    assert not is_overdue(reported, [], world.later(days=1))
    assert is_overdue(reported, [], late)
    answer(session, reported, StepKind.EXPLAINED, Said("临期"), COMMAND_LINE, world.at)
    steps = steps_of(session, [reported.id])[reported.id]
    assert not is_overdue(reported, steps, late)
    reopen(session, reported, Said("请补充"), COMMAND_LINE, late)
    steps = steps_of(session, [reported.id])[reported.id]
    assert not is_overdue(reported, steps, late + timedelta(days=1))
    assert is_overdue(reported, steps, late + timedelta(days=2 * DAYS_TO_ANSWER + 2))
