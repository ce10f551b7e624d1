"""What every import promises: all or nothing, nothing at all on trial, and never twice."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from alliance.accounts.models import Account
from alliance.audit.models import AuditEntry
from alliance.audit.trail import Actor
from alliance.imports import enterprises, offers, outlets, redemptions, roster, zones
from alliance.imports.run import Kind, run
from alliance.imports.tables import UnreadableFile
from alliance.imports.words import Problem
from alliance.store import Base, Session
from tests.imports.sheets import (
    AT,
    BAKERY,
    CITY,
    ENTERPRISES,
    FACTORY,
    OUTLETS,
    REDEMPTIONS,
    ROSTER,
    STREET,
    TOWN,
    ZONES,
    Bring,
    Write,
    counts,
    credit_code,
    problems,
)

NEW = credit_code(90)

#: Of each kind: its header, a good new row, one that changes something where that is allowed, and a bad one.
CASES: dict[str, tuple[Kind[Any], str, str, str]] = {
    "zones": (zones.KIND, ZONES, f"220204101000,搜登站镇,{CITY}", "2202,,"),
    "enterprises": (enterprises.KIND, ENTERPRISES, f"{NEW},新企业,{TOWN}", f"{BAKERY},面包,220204999000"),
    "outlets": (outlets.KIND, OUTLETS, f"5,新店,{BAKERY},{TOWN}", f"6,新店,{NEW},{TOWN}"),
    "roster": (roster.KIND, ROSTER, f"{FACTORY},009,新人,13800000009,,在职", f"{FACTORY},010,,,,"),
    "offers": (
        offers.kind(approving=True),
        "统一社会信用代码,优惠编号,优惠名称,类型,折扣,总次数",
        f"{BAKERY},A-1,面包,折扣,9,5",
        f"{BAKERY},A-2,面包,折扣,85,",
    ),
    "redemptions": (
        redemptions.KIND,
        REDEMPTIONS,
        f"88001,2026-10-05T18:30:27+08:00,{FACTORY},001,1,2000,300,1700",
        f"88002,2026-10-05T18:30:27+08:00,{FACTORY},001,1,2000,300,1600",
    ),
}

each_kind = pytest.mark.parametrize(("kind", "header", "good", "bad"), CASES.values(), ids=CASES.keys())


def everything(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    session.flush()
    return {
        table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
        for table in Base.metadata.sorted_tables
    }


@each_kind
@pytest.mark.usefixtures("world")
def test_one_bad_row_and_nothing_changes(
    session: Session, bring: Bring, kind: Kind[Any], header: str, good: str, bad: str
) -> None:
    before = everything(session)
    job = bring(kind, header, good, bad)
    assert counts(job) == (1, 0, 0, 1)
    assert not job.kept
    assert everything(session) == before


@each_kind
@pytest.mark.usefixtures("world")
def test_partial_keeps_the_good_rows(
    session: Session, bring: Bring, kind: Kind[Any], header: str, good: str, bad: str
) -> None:
    before = everything(session)
    job = bring(kind, header, good, bad, partial=True)
    assert counts(job) == (1, 0, 0, 1)
    assert job.kept
    assert everything(session) != before
    assert counts(bring(kind, header, good)) == (0, 0, 1, 0)


@each_kind
@pytest.mark.usefixtures("world")
def test_a_dry_run_reports_and_changes_nothing(
    session: Session, bring: Bring, kind: Kind[Any], header: str, good: str, bad: str
) -> None:
    before = everything(session)
    for options in ({}, {"partial": True}):
        job = bring(kind, header, good, bad, dry_run=True, **options)
        assert counts(job) == (1, 0, 0, 1)
        assert not job.kept
    assert everything(session) == before


@each_kind
@pytest.mark.usefixtures("world")
def test_the_second_time_nothing_changes_but_the_audit_trail(
    session: Session, bring: Bring, kind: Kind[Any], header: str, good: str, bad: str
) -> None:
    assert counts(bring(kind, header, good)) == (1, 0, 0, 0)
    before = everything(session)
    assert counts(bring(kind, header, good)) == (0, 0, 1, 0)
    after = everything(session)
    assert len(after.pop("audit_entries")) == len(before.pop("audit_entries")) + 1
    assert after == before


def test_an_import_is_one_entry_in_the_audit_trail(session: Session, write: Write) -> None:
    account = Account(phone="+8613900000000", name="主办方", created_at=AT)
    session.add(account)
    session.flush()
    path = write(ZONES, f"{CITY},船营区,", "bad,,", name="片区 2026.csv")
    run(session, zones.KIND, path, AT, Actor(account.id, "10.0.0.1"), partial=True)
    [entry] = session.scalars(select(AuditEntry))
    assert (entry.action, entry.subject, entry.at) == ("import.zones", "片区 2026.csv", AT)
    assert (entry.account_id, entry.address) == (account.id, "10.0.0.1")
    counted = {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert entry.detail.items() >= counted.items()
    assert len(entry.detail["sha256"]) == 64


def test_the_caller_commits(session: Session, bring: Bring) -> None:
    bring(zones.KIND, ZONES, f"{CITY},船营区,")
    session.rollback()
    assert everything(session)["zones"] == []


def test_an_unreadable_file_touches_nothing(session: Session, write: Write) -> None:
    with pytest.raises(UnreadableFile):
        run(session, zones.KIND, write("甲,乙"), AT, Actor())
    assert not session.in_transaction()


@pytest.mark.usefixtures("world")
def test_twins_are_named_but_not_all_of_them(bring: Bring) -> None:
    job = bring(zones.KIND, ZONES, *[f"{STREET},德胜街道,{CITY}"] * 5)
    assert problems(job)[0] == (2, "片区代码", "与第 3、4、5 行重复")
    assert problems(job)[4] == (6, "片区代码", "与第 2、3、4 行重复")


def test_a_reject_shows_the_cell_as_it_was_written(bring: Bring) -> None:
    [reject] = bring(zones.KIND, ZONES, " ２２０２ ,船营区,").rejected
    assert (reject.row, reject.field, reject.value) == (2, "片区代码", " ２２０２ ")
    assert reject.reason == "片区代码不是 12 位数字"
    assert reject.remedy == "请填写 12 位的区划代码，例如 220204001000"


def test_progress_is_shown_for_every_row_and_batch(bring: Bring) -> None:
    seen: list[tuple[str, int]] = []

    def progress(items: Sequence[Any], label: str) -> Iterator[Any]:
        for count, item in enumerate(items, start=1):
            seen.append((label, count))
            yield item

    bring(zones.KIND, ZONES, f"{CITY},船营区,", f"{STREET},德胜街道,{CITY}", progress=progress)
    assert seen == [("检查", 1), ("检查", 2)]


@pytest.mark.parametrize("problem", Problem, ids=lambda problem: problem.name)
def test_words_are_plain_clauses(problem: Problem) -> None:
    for text in (problem.reason, problem.remedy):
        assert text == text.strip("。；， ")
        assert not set(text) & set("!！")
    assert problem.remedy.startswith(("请", "核销一经", "工号已经"))
