"""`alliance audit`: the head of a day, the chain alone, and the list."""

import csv
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from alliance import clock
from alliance.accounts.grants import find_or_create_account
from alliance.audit.heads import append_heads
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, Actor, record
from alliance.cli import main
from alliance.store import for_writing
from tests.audit.trail import unguard
from tests.processes import environment
from tests.world import NOON, World


@pytest.fixture
def alliance(session, database_url, tmp_path, monkeypatch):
    """Run `alliance audit …` on a Wednesday noon; the world has 4 entries, an account and a file one each."""
    for_writing(session)
    world = World(session)
    account = find_or_create_account(session, "+8613900000001", "王主任", NOON)
    by = Actor(account.id, "10.0.0.7")
    record(session, by, "pass.revoke", "pass:1", NOON - timedelta(days=1), world.dairy.id, reason="丢失")
    record(session, COMMAND_LINE, "import.zones", "=片区.csv", NOON, created=3)
    session.commit()
    monkeypatch.setattr(clock, "now", lambda: NOON)
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, ["audit", *arguments])


@pytest.fixture
def sealed(alliance, session):
    """Two seals, of the noon and of a minute later."""
    seal(session, NOON, batch=3)
    seal(session, NOON + timedelta(minutes=1))
    session.commit()
    return session


def lines(done: Result) -> list[dict[str, str]]:
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_head_of_the_day(alliance, sealed) -> None:
    done = alliance("head")
    assert done.exit_code == 0
    digest = sealed.scalar(sa.text("SELECT digest FROM audit_seals WHERE number = 2"))
    assert [line.split()[-1] for line in done.stdout.splitlines()][::3] == ["2026-03-04", bytes(digest).hex()]
    as_json = json.loads(alliance("head", "--date", "2026-03-04", "--format", "json").stdout)
    assert (as_json["number"], as_json["digest"]) == (2, bytes(digest).hex())
    assert as_json["at"] == "2026-03-04T04:01:00.000000+00:00"


def test_a_day_without_a_seal_has_no_head(alliance, sealed) -> None:
    done = alliance("head", "--date", "2026-03-03")
    assert done.exit_code == 1
    assert "2026-03-03 没有封存记录" in done.stderr


def test_a_chain_in_order(alliance, sealed) -> None:
    done = alliance("verify")
    assert done.exit_code == 0
    assert "2 seals, 0 heads" in done.stdout


def test_the_first_break_is_named(alliance, sealed) -> None:
    unguard(sealed)
    sealed.execute(sa.text("UPDATE audit_entries SET address = '10.9.9.9' WHERE seal_number = 2"))
    sealed.commit()
    done = alliance("verify")
    assert done.exit_code == 1
    assert "✗ seal 2 digest" in done.stdout


def test_the_copy_beside_the_database_is_held_against_the_chain(alliance, sealed, tmp_path) -> None:
    copy, elsewhere = tmp_path / "instance" / "audit-heads.jsonl", tmp_path / "elsewhere.jsonl"
    append_heads(sealed, copy, NOON + timedelta(days=1))
    sealed.rollback()
    assert "2 seals, 1 heads" in alliance("verify").stdout
    unguard(sealed)
    for table, column in (("audit_entries", "seal_number"), ("audit_seals", "number")):
        sealed.execute(sa.text(f"DELETE FROM {table} WHERE {column} = 2"))
    sealed.commit()
    copy.rename(elsewhere)
    assert "1 seals, 0 heads" in alliance("verify").stdout
    done = alliance("verify", "--heads", str(elsewhere))
    assert done.exit_code == 1
    assert "✗ head of 2026-03-04, seal 2" in done.stdout


def test_heads_that_cannot_be_read_end_in_one_line(alliance, sealed, tmp_path) -> None:
    (tmp_path / "heads.jsonl").write_text("nothing\n")
    done = alliance("verify", "--heads", str(tmp_path / "heads.jsonl"))
    assert done.exit_code == 1
    assert "链头文件读不懂" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "actions"),
    [
        ((), ["import.zones", "offer.approve", "offer.submit", "offer.approve", "offer.submit"]),
        (("--from", "2026-03-03", "--to", "2026-03-03"), ["pass.revoke"]),
        (("--from", "2026-03-03", "--account", "13900000001"), ["pass.revoke"]),
        (("--action", "import.zones"), ["import.zones"]),
        (("--from", "2026-03-03", "--enterprise", "91220204MA00000076"),
         ["offer.approve", "offer.submit", "pass.revoke"]),
    ],
)  # fmt: skip
def test_the_list_is_filtered(alliance, sealed, arguments, actions) -> None:
    assert [line["操作"] for line in lines(alliance("list", "--format", "csv", *arguments))] == actions


def test_the_list_says_who_and_from_where_without_a_name(alliance, sealed) -> None:
    done = alliance("list", "--from", "2026-03-03", "--to", "2026-03-03", "--format", "csv")
    assert lines(done) == [
        {
            "时间": "2026-03-03 12:00:00",
            "经办人": "139****0001",
            "操作": "pass.revoke",
            "对象": "pass:1",
            "企业": "吉林市松花江乳业有限公司",
            "地址": "10.0.0.7",
            "内容": '{"reason":"丢失"}',
            "封存号": "2",
        }
    ]
    [imported] = lines(alliance("list", "--action", "import.zones", "--format", "csv"))
    assert imported["对象"] == "'=片区.csv"
    table = alliance("list", "--action", "import.zones").stdout.splitlines()
    assert [line[: len("2026-03-04 12:00:00")] for line in table[1:]] == ["2026-03-04 12:00:00"]
    assert "王主任" not in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-03-05"), "起止日期颠倒"),
        (("--account", "13900009999"), "没有用这个手机号登录的账号"),
        (("--account", "x"), "不是手机号"),
        (("--enterprise", "x"), "没有信用代码为 x 的企业"),
    ],
)
def test_what_cannot_be_ends_in_one_line(alliance, arguments, said) -> None:
    done = alliance("list", *arguments)
    assert done.exit_code != 0
    assert said in done.stderr
