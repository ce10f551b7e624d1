"""The background jobs, run once each as the worker would."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts import attempts, codes, sign_in
from alliance.accounts.grants import find_or_create_account
from alliance.accounts.models import Attempt, OneTimeCode, SignIn
from alliance.audit.heads import FILE, read_heads
from alliance.audit.models import AuditEntry, AuditSeal
from alliance.audit.seal import seal
from alliance.circulation.models import DayFlow, MonthlyReport
from alliance.config import Settings
from alliance.jobs import make_jobs
from alliance.offers.models import OfferNotice
from alliance.offers.pricing import Discount
from alliance.passes.models import TypedCode
from alliance.store import for_writing
from tests.world import World


@pytest.fixture
def jobs(settings: Settings):
    return {type(task).__name__: task for task in make_jobs(settings)._registry.periodic_tasks}


def test_past_days_are_derived(jobs: dict, session: Session) -> None:
    for_writing(session)
    world = World(session, clock.now() - timedelta(days=2))
    world.redeem()
    session.commit()
    jobs["derive_past_days"].execute()
    assert session.scalar(select(func.count()).select_from(DayFlow)) == 1


def test_the_trail_is_sealed_and_the_day_before_yesterday_has_its_head(
    jobs: dict, session: Session, settings: Settings
) -> None:
    for_writing(session)
    World(session, clock.now())
    seal(session, clock.now() - timedelta(days=2), batch=3)
    session.commit()
    for _ in range(2):
        jobs["seal_audit_trail"].execute()
        assert session.scalar(select(func.count()).where(AuditEntry.seal_number.is_(None))) == 0
        assert session.scalar(select(func.max(AuditSeal.number))) == 2
        session.rollback()
        assert [head.number for head in read_heads(settings.instance_path / FILE)] == [1]


def test_the_report_of_the_month_before_is_kept_once(
    settings: Settings, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = datetime(2026, 4, 3, 1, 7, tzinfo=UTC)
    for_writing(session)
    world = World(session)
    world.redeem()
    session.commit()

    def run(at: datetime, **changed: int) -> int:
        monkeypatch.setattr(clock, "now", lambda: at)
        registry = make_jobs(settings.model_copy(update=changed))._registry
        jobs = {type(task).__name__: task for task in registry.periodic_tasks}
        jobs["keep_monthly_report"].execute()
        count = session.scalar(select(func.count()).select_from(MonthlyReport))
        session.rollback()
        return count

    assert run(third, report_day=0) == 0
    assert run(third - timedelta(days=1)) == 0
    assert run(third) == run(third + timedelta(hours=1)) == 1
    kept = session.scalars(select(MonthlyReport)).one()
    assert (kept.month, kept.zone_id, kept.made_by_id) == (date(2026, 3, 1), None, None)
    assert kept.text == "2026年3月，全联盟涉及人数较少，数据未公布。", (
        "one person's month is not for everybody"
    )
    assert kept.workbook.startswith(b"PK")
    session.rollback()
    assert run(third + timedelta(days=30)) == 2


def test_what_has_expired_is_forgotten(jobs: dict, session: Session) -> None:
    for_writing(session)
    world = World(session, clock.now())
    account = find_or_create_account(session, "+8613800000001", "张喆明", world.at)
    for number, at in enumerate((world.at, world.later(days=-40))):
        world.shown(at=at)
        sign_in.start(session, account.id, "test", at, timedelta(days=30))
        attempts.take(session, attempts.PASSWORD, f"key {number}", at)
        codes.issue(session, "secret", f"+861380000000{number}", at)
    session.commit()
    jobs["forget_expired"].execute()
    expiring = (TypedCode, SignIn, Attempt, OneTimeCode)
    assert [session.scalar(select(func.count()).select_from(table)) for table in expiring] == [1, 1, 1, 1]


def test_merchants_are_told_once_that_an_offer_is_used_up(jobs: dict, session: Session) -> None:
    for_writing(session)
    world = World(session, clock.now())
    revision = world.live_offer(world.dairy, "CAP", Discount(pay_permille=800), limit_total=1)
    world.redeem(offer="CAP")
    session.commit()
    for _ in range(2):
        jobs["tell_merchants"].execute()
    kinds = select(OfferNotice.kind).where(OfferNotice.about_id == revision.id).order_by(OfferNotice.id)
    assert session.scalars(kinds).all() == ["approved", "used_up"]
