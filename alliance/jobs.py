"""Background jobs: deriving past days, sealing the trail, telling, forgetting; the courier of the webhooks.

The queue lives in a file of its own beside SQLite, or in PostgreSQL: there is no broker to run.
"""

from huey.api import Huey, PostgresHuey, SqliteHuey, crontab
from sqlalchemy import make_url

import alliance.schema  # noqa: F401 - a foreign key's type is unknown until its table is
from alliance import clock
from alliance.accounts import attempts, codes, sign_in
from alliance.audit.heads import FILE, append_heads
from alliance.audit.seal import seal
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import derive_period, pending_periods
from alliance.circulation.kept import due as due_report
from alliance.circulation.kept import keep_by_worker
from alliance.circulation.monthly import monthly
from alliance.circulation.scope import EVERYWHERE
from alliance.config import Settings
from alliance.offers.evidence import forget_unused
from alliance.offers.notices import due, tell
from alliance.passes import devices
from alliance.passes.issue import forget_typed_codes
from alliance.store import for_writing, make_engine, one_snapshot, sessionmaker_for
from alliance.webhooks import log as webhook_log
from alliance.webhooks.addresses import Reach
from alliance.webhooks.courier import Courier
from alliance.webhooks.signing import Sealer


def make_jobs(settings: Settings) -> Huey:
    """The queue of this installation, with its periodic jobs. Times of day are UTC."""
    jobs = _queue(settings)
    sessions = sessionmaker_for(make_engine(settings.database_url, patient=True))

    @jobs.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def derive_past_days() -> None:
        with sessions() as session:
            at = clock.now()
            months = pending_months(session, at)
            session.rollback()
            for_writing(session)
            for month in months:
                derive(session, month, at)
                session.commit()
            periods = pending_periods(session, at)
        for period in periods:
            derive_period(sessions, period, at)

    @jobs.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def seal_audit_trail() -> None:
        at = clock.now()
        with sessions() as session:
            for_writing(session)
            while seal(session, at):
                # One batch in each transaction: on SQLite the counters' turn comes in between.
                session.commit()
        with sessions() as session:
            append_heads(session, settings.instance_path / FILE, at)

    @jobs.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def tell_merchants() -> None:
        with sessions() as session:
            at = clock.now()
            found = due(session, at)
            session.rollback()
            # On SQLite the counters' turn is not taken for nothing.
            if found:
                for_writing(session)
                for notice in found:
                    tell(session, *notice, at)
                session.commit()

    @jobs.periodic_task(crontab(minute="7"))  # type: ignore[untyped-decorator]
    def keep_monthly_report() -> None:
        at = clock.now()
        with sessions() as session, one_snapshot(session):
            if (period := due_report(session, settings.report_day, at)) is None:
                return
            report = monthly(session, period, EVERYWHERE, at, sees_all=False)
        with sessions() as session:
            for_writing(session)
            keep_by_worker(session, report)
            session.commit()

    @jobs.periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
    def forget_expired() -> None:
        with sessions() as session:
            for_writing(session)
            at = clock.now()
            forget_typed_codes(session, at)
            forget_unused(session, at)
            for kept in (sign_in, codes, attempts, devices, webhook_log):
                kept.forget_expired(session, at)
            session.commit()

    return jobs


def make_courier(settings: Settings) -> Courier:
    """What sends this installation's webhooks. Not a periodic job: a merchant expects them within seconds."""
    sessions = sessionmaker_for(make_engine(settings.database_url, patient=True))
    return Courier(sessions, Sealer(settings.secret_key), Reach.of(settings))


def _queue(settings: Settings) -> Huey:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey("alliance", dsn=dsn)
    # The database may live elsewhere, and the worker may be the first to need the directory.
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("alliance", filename=str(settings.instance_path / "jobs.db"))
