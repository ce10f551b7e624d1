"""`alliance account create`: the way to the first organizer, and to everybody else."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from alliance.accounts.models import Account, Grant, GrantOutlet
from alliance.accounts.passwords import is_right
from alliance.audit.models import AuditEntry
from alliance.cli import main
from tests.processes import environment
from tests.world import CREDIT_CODES, World

DAIRY, GARAGE = CREDIT_CODES
WHO = ["account", "create", "--phone", "139 0000 0001", "--name", "张喆"]


@pytest.fixture
def alliance(session, database_url, tmp_path, monkeypatch):
    """Run `alliance …` in this process, on a database with the tests' world in it."""
    World(session)
    session.commit()
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)
    return lambda *arguments, stdin="": CliRunner().invoke(main, arguments, input=stdin)


def people(session) -> list[Account]:
    return list(session.scalars(sa.select(Account)))


def test_the_first_organizer(alliance, session):
    done = alliance(*WHO, "--role", "organizer", "--password-stdin", stdin="a good password\n")
    assert (done.exit_code, done.stdout) == (0, "张喆 139****0001: organizer\n")
    (account,) = people(session)
    assert account.phone == "+8613900000001"
    assert is_right(account.password_hash, "a good password")
    assert session.scalars(sa.select(Grant.role)).all() == ["organizer"]
    assert session.scalars(
        sa.select(AuditEntry.account_id).where(AuditEntry.action == "grant.give")
    ).all() == [None]


def test_without_a_password_the_account_has_none(alliance, session):
    assert alliance(*WHO, "--role", "data_officer").exit_code == 0
    assert people(session)[0].password_hash is None


def test_a_second_role_is_added_and_the_password_stays(alliance, session):
    alliance(*WHO, "--role", "organizer", "--password-stdin", stdin="a good password\n")
    alliance(*WHO, "--role", "zone_organizer", "--zone", "220204001000")
    alliance(*WHO, "--role", "zone_organizer", "--zone", "220204001000")
    (account,) = people(session)
    assert is_right(account.password_hash, "a good password")
    assert sorted(session.scalars(sa.select(Grant.role))) == ["organizer", "zone_organizer"]


def test_a_cashier_has_outlets_of_one_enterprise(alliance, session):
    done = alliance(*WHO, "--role", "cashier", "--enterprise", DAIRY, "--outlet", "D1", "--outlet", "D2")
    assert done.exit_code == 0
    assert len(session.scalars(sa.select(GrantOutlet)).all()) == 2


def listed(alliance, *arguments: str) -> list[list[str]]:
    done = alliance("account", "list", *arguments)
    assert done.exit_code == 0
    return [line.split("\t")[:4] for line in done.stdout.splitlines()]


def test_roles_are_listed_and_taken_away(alliance, session):
    for role in (["cashier", "--outlet", "D1", "--outlet", "D2"], ["enterprise_admin"]):
        alliance(*WHO, "--role", *role, "--enterprise", DAIRY)
    alliance(*WHO, "--role", "zone_organizer", "--zone", "220204001000")
    dairy, phone = "吉林市松花江乳业有限公司", "139****0001"
    assert listed(alliance) == [
        [phone, "cashier", dairy, "D1 D2"],
        [phone, "enterprise_admin", dairy, ""],
        [phone, "zone_organizer", "德胜街道", ""],
    ]
    assert listed(alliance, "--enterprise", GARAGE) == []
    take = ["account", "revoke", "--phone", "13900000001", "--role"]
    done = alliance(*take, "cashier", "--enterprise", DAIRY, "--outlet", "D1")
    assert (done.exit_code, done.stdout) == (0, "张喆 139****0001: 已收回 / revoked cashier\n")
    assert listed(alliance, "--role", "cashier") == [[phone, "cashier", dairy, "D2"]]
    assert alliance(*take, "cashier", "--enterprise", DAIRY).exit_code == 0
    assert alliance(*take, "enterprise_admin", "--enterprise", DAIRY).exit_code == 0
    assert alliance(*take, "zone_organizer", "--zone", "220204001000").exit_code == 0
    assert listed(alliance) == []
    assert set(session.scalars(sa.select(AuditEntry.account_id))) == {None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--role", "cashier"], "--enterprise"),
        (["--role", "cashier", "--enterprise", GARAGE], "没有这个身份"),
        (["--role", "cashier", "--enterprise", DAIRY, "--outlet", "G1"], "没有编号为 G1 的门店"),
        (["--role", "organizer"], "没有这个身份"),
        (["--role", "organizer", "--phone", "13900000002"], "没有用这个手机号登录的账号"),
        (["--role", "organizer", "--phone", "x"], "不是手机号"),
    ],
)
def test_what_is_not_there_cannot_be_taken_away(alliance, session, arguments, said):
    alliance(*WHO, "--role", "cashier", "--enterprise", DAIRY, "--outlet", "D1")
    done = alliance("account", "revoke", "--phone", "13900000001", *arguments)
    assert done.exit_code != 0
    assert said in done.stderr
    assert session.scalars(sa.select(Grant.revoked_at)).all() == [None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--role", "cashier", "--enterprise", DAIRY], "--outlet"),
        (["--role", "cashier", "--enterprise", DAIRY, "--outlet", "G1"], "没有编号为 G1 的门店"),
        (["--role", "enterprise_admin"], "--enterprise"),
        (["--role", "enterprise_admin", "--enterprise", "91220204MA0000000X"], "没有信用代码为"),
        (["--role", "zone_organizer"], "--zone"),
        (["--role", "zone_organizer", "--zone", "999999999999"], "没有代码为 999999999999 的片区"),
        (["--role", "organizer", "--zone", "220204001000"], "不用"),
        (["--role", "holder"], "holder"),
        (["--role", "king"], "king"),
        (["--role", "organizer", "--phone", "1.38E+10"], "不是手机号"),
        (["--role", "organizer", "--password-stdin"], "8 到 128"),
    ],
)
def test_what_does_not_fit_changes_nothing(alliance, session, arguments, said):
    done = alliance(*WHO, *arguments)
    assert done.exit_code != 0
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert people(session) == []
