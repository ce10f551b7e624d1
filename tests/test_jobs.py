"""The background jobs, run once each as the worker would."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.models import DayFigures
from alliance.config import Settings
from alliance.jobs import make_jobs
from alliance.passes.models import TypedCode
from alliance.store import for_writing
from tests.world import World


@pytest.fixture
def jobs(settings: Settings):
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    return {type(task).__name__: task for task in make_jobs(settings)._registry.periodic_tasks}


def test_past_days_are_derived(jobs: dict, session: Session) -> None:
    for_writing(session)
    world = World(session, clock.now() - timedelta(days=2))
    world.redeem()
    session.commit()
    jobs["derive_past_days"].execute()
    assert session.scalar(select(func.count()).select_from(DayFigures)) == 1


def test_expired_codes_are_forgotten(jobs: dict, session: Session) -> None:
    for_writing(session)
    world = World(session, clock.now())
    alive = world.shown().code
    world.shown(at=world.later(minutes=-5))
    session.commit()
    jobs["forget_expired"].execute()
    assert session.scalars(select(TypedCode.code)).all() == [alive]
