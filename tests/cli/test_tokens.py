"""`alliance token create`, `list` and `revoke`."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import token_for
from alliance.cli import main
from alliance.enterprises.models import Outlet
from tests.processes import environment
from tests.world import CREDIT_CODES, NOON, World


@pytest.fixture
def world(session) -> World:
    world = World(session)
    # Both merchants number their outlets from one.
    session.add(Outlet(merchant_id=world.garage.id, code="D1", name="车天下一店", created_at=NOON))
    session.commit()
    return world


@pytest.fixture
def token(world, database_url, tmp_path, monkeypatch):
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, ["token", *arguments])


@pytest.fixture
def create(token):
    return lambda *arguments: token("create", "--name", "收银", *arguments)


def test_the_token_of_an_outlet_is_printed_alone_and_once(create, world, session):
    done = create("--outlet", "D2")
    assert done.exit_code == 0
    (plain,) = done.stdout.splitlines()
    token = session.get_one(ApiToken, token_for(session, plain).id)
    assert (token.merchant_id, token.outlet_id, token.name) == (world.dairy.id, world.dairy_kiosk.id, "收银")
    assert "只显示这一次" in done.stderr


def test_two_merchants_with_the_same_code_are_told_apart(create, world, session):
    done = create("--outlet", "D1")
    assert done.exit_code == 1
    assert "--merchant" in done.stderr
    done = create("--outlet", "D1", "--merchant", CREDIT_CODES[0])
    assert token_for(session, done.stdout.strip()).outlet_id == world.dairy_shop.id


def test_a_token_of_reports_may_be_of_one_zone(create, world, session):
    plain = [create("--reports").stdout.strip(), create("--reports", "--zone", "220204001000").stdout.strip()]
    assert [token_for(session, one).zone_id for one in plain] == [None, world.east.id]


def test_a_token_of_reports_may_be_public(create, token, world, session):
    plain = [create("--reports").stdout.strip(), create("--reports", "--public").stdout.strip()]
    assert [token_for(session, one).is_public for one in plain] == [False, True]
    assert "公开统计 全部片区" in token("list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--reports"),
        (["--outlet", "D2", "--reports"], "--reports"),
        (["--outlet", "D2", "--zone", "220204001000"], "--zone"),
        (["--outlet", "D2", "--public"], "--public"),
        (["--reports", "--merchant", CREDIT_CODES[0]], "--merchant"),
        (["--outlet", "none"], "没有编号为 none 的门店"),
        (["--outlet", "G1", "--merchant", CREDIT_CODES[0]], "没有编号为 G1 的门店"),
        (["--outlet", "D1", "--merchant", "none"], "没有信用代码为 none 的企业"),
        (["--reports", "--zone", "none"], "没有代码为 none 的片区"),
    ],
)
def test_what_does_not_fit_makes_no_token(create, session, arguments, said):
    done = create(*arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert session.scalars(sa.select(ApiToken)).all() == []


def test_a_token_of_every_outlet(create, world, session):
    plain = create("--merchant", CREDIT_CODES[0]).stdout.strip()
    made = token_for(session, plain)
    assert (made.merchant_id, made.outlet_id, made.zone_id) == (world.dairy.id, None, None)


def test_they_are_listed_by_merchant_and_revoked_by_id(token, create, world, session):
    create("--outlet", "D2")
    create("--merchant", CREDIT_CODES[1])
    create("--reports", "--zone", "220204001000")
    lines = token("list").stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == [
        f"{world.dairy.name} D2", f"{world.garage.name} 全部门店", "统计 德胜街道",
    ]  # fmt: skip
    assert all(line.endswith("最近使用 未用过\t有效") for line in lines)
    assert "alc_" not in "".join(lines)
    [own] = token("list", "--merchant", CREDIT_CODES[0]).stdout.splitlines()
    assert own == lines[0]
    id_ = own.split("\t")[0]
    for _ in range(2):
        assert token("revoke", id_).exit_code == 0
    assert [line.split("\t")[-1] for line in token("list").stdout.splitlines()] == ["已停用", "有效", "有效"]
    session.rollback()
    assert session.get(ApiToken, UUID(id_)).revoked_at is not None


def test_a_token_that_is_not_there_is_not_revoked(token):
    assert token("revoke", str(uuid4())).exit_code == 1
    assert token("revoke", "x").exit_code == 2
