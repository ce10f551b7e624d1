"""Importing a roster: people are employed, renamed, let go and hired again, and never mixed up."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from alliance.accounts.models import Account, Grant
from alliance.accounts.sign_in import account_of_proven_phone
from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Enterprise
from alliance.imports.roster import KIND
from alliance.people.models import Employment, Holder, HolderKind
from alliance.store import Session
from tests.imports.sheets import AT, BAKERY, FACTORY, HOTEL, ROSTER, Bring, counts, credit_code, problems

DATED = f"{ROSTER},入职日期,离职日期"
TODAY = date(2026, 11, 23)
TAKEN = "这个手机号已登记在另一份在职记录或另一个人名下"

pytestmark = pytest.mark.usefixtures("world")

Career = list[tuple[str, str, date, date | None]]


def career(session: Session, phone: str) -> Career:
    """Enterprise, 工号, first day and first day no longer there, of whoever has the phone."""
    rows = session.execute(
        select(Enterprise.credit_code, Employment.staff_no, Employment.starts_on, Employment.ends_on)
        .join(Enterprise, Enterprise.id == Employment.enterprise_id)
        .join(Holder, Holder.id == Employment.holder_id)
        .where(Holder.phone == phone)
        .order_by(Employment.starts_on, Employment.id)
    )
    return [tuple(row) for row in rows]


def holder(session: Session, phone: str) -> Holder | None:
    return session.scalar(select(Holder).where(Holder.phone == phone))


def everybody(session: Session) -> int:
    return len(session.scalars(select(Holder)).all())


def employ(session: Session, code: str, staff_no: str) -> Employment:
    return session.scalars(
        select(Employment)
        .join(Enterprise, Enterprise.id == Employment.enterprise_id)
        .where(Enterprise.credit_code == code, Employment.staff_no == staff_no)
        .order_by(Employment.starts_on.desc())
    ).first()


# --- joining ---


def test_new_people_have_worked_there_since_ever(session: Session, bring: Bring) -> None:
    rows = (f"{FACTORY},003,欧阳㛃,138 0000 0004,仓库,在职", f"{BAKERY},003,钱多多,,,")
    assert counts(bring(KIND, ROSTER, *rows)) == (2, 0, 0, 0)
    assert career(session, "+8613800000004") == [(FACTORY, "003", SINCE_EVER, None)]
    person = holder(session, "+8613800000004")
    assert (person.name, person.kind, person.created_at) == ("欧阳㛃", HolderKind.EMPLOYEE, AT)
    assert employ(session, FACTORY, "003").department == "仓库"
    assert session.get(Holder, employ(session, BAKERY, "003").holder_id).phone is None
    assert counts(bring(KIND, ROSTER, *rows)) == (0, 0, 2, 0)
    assert everybody(session) == 5


def test_people_can_join_and_leave_on_days(session: Session, bring: Bring) -> None:
    rows = (
        f"{FACTORY},003,甲,13800000004,,在职,2020/03/01,",
        f"{FACTORY},004,乙,13800000005,,离职,2018-01-01,2020-03-01",
        f"{FACTORY},005,丙,13800000006,,在职,,2027-01-01",
    )
    assert counts(bring(KIND, DATED, *rows)) == (3, 0, 0, 0)
    assert career(session, "+8613800000004") == [(FACTORY, "003", date(2020, 3, 1), None)]
    assert career(session, "+8613800000005") == [(FACTORY, "004", date(2018, 1, 1), date(2020, 3, 1))]
    assert career(session, "+8613800000006") == [(FACTORY, "005", SINCE_EVER, date(2027, 1, 1))]
    assert counts(bring(KIND, DATED, *rows)) == (0, 0, 3, 0)


# --- changing ---


def test_it_updates_what_changed_and_leaves_the_rest(session: Session, bring: Bring) -> None:
    before = holder(session, "+8613800000001").id
    rows = (
        f"{FACTORY},001,王喆,13800000011,车间,在职,",
        f"{FACTORY},002,李小㛃,13800000002,采购,在职,2019-01-01",
        f"{HOTEL},001,赵云,13800000003,前厅,在职,",
    )
    job = bring(KIND, f"{ROSTER},入职日期", *rows)
    assert counts(job) == (0, 2, 1, 0)
    assert holder(session, "+8613800000011").id == before
    assert holder(session, "+8613800000002").name == "李小㛃"
    assert employ(session, FACTORY, "002").department == "采购"
    assert career(session, "+8613800000002") == [(FACTORY, "002", date(2019, 1, 1), None)]


def test_an_empty_phone_leaves_the_known_one(session: Session, bring: Bring) -> None:
    assert counts(bring(KIND, ROSTER, f"{FACTORY},001,王喆,,车间,在职")) == (0, 0, 1, 0)
    assert holder(session, "+8613800000001").name == "王喆"


def test_somebody_not_in_the_file_has_not_left(session: Session, bring: Bring) -> None:
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,在职")
    assert employ(session, FACTORY, "002").ends_on is None


def test_a_staff_no_does_not_pass_to_another_person_unnoticed(session: Session, bring: Bring) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},001,周新,13800000099,车间,在职")
    assert problems(job) == [(2, "工号", "这个工号现在属于另一个人（姓名和手机号都不同）")]
    assert holder(session, "+8613800000001").name == "王喆"


# --- leaving ---


def test_leaving_ends_the_employment_today(session: Session, bring: Bring) -> None:
    row = f"{FACTORY},001,王喆,13800000001,车间,离职"
    assert counts(bring(KIND, ROSTER, row)) == (0, 1, 0, 0)
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, TODAY)]
    assert counts(bring(KIND, ROSTER, row, at=AT + timedelta(days=9))) == (0, 0, 1, 0)
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, TODAY)]


def test_leaving_can_be_dated_and_the_date_corrected(session: Session, bring: Bring) -> None:
    bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-10-01")
    job = bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-09-01")
    assert counts(job) == (0, 1, 0, 0)
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, date(2026, 9, 1))]


def test_a_planned_leave_happens_today_when_the_roster_says_so(session: Session, bring: Bring) -> None:
    bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,在职,,2027-01-01")
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,在职")
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, date(2027, 1, 1))]
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,离职")
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, TODAY)]


def test_a_leaver_goes_whatever_else_the_row_says(session: Session, bring: Bring) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},001,王某,13800000003,,离职")
    assert counts(job) == (0, 1, 0, 0)
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, TODAY)]
    assert holder(session, "+8613800000001").name == "王喆"


def test_somebody_may_leave_on_the_first_day(session: Session, bring: Bring) -> None:
    row = f"{FACTORY},003,甲,13800000004,,离职,2026-11-01,2026-11-01"
    assert counts(bring(KIND, DATED, row)) == (1, 0, 0, 0)
    assert career(session, "+8613800000004") == [(FACTORY, "003", date(2026, 11, 1), date(2026, 11, 1))]


# --- coming back ---


def test_somebody_who_left_is_hired_elsewhere_as_the_same_person(session: Session, bring: Bring) -> None:
    before = holder(session, "+8613800000001").id
    bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-10-01")
    job = bring(KIND, ROSTER, f"{HOTEL},050,王喆,13800000001,后厨,在职")
    assert counts(job) == (1, 0, 0, 0)
    assert holder(session, "+8613800000001").id == before
    assert career(session, "+8613800000001") == [
        (FACTORY, "001", SINCE_EVER, date(2026, 10, 1)),
        (HOTEL, "050", TODAY, None),
    ]


def test_a_change_of_employer_in_one_file(session: Session, bring: Bring) -> None:
    rows = (f"{HOTEL},050,王喆,13800000001,后厨,在职", f"{FACTORY},001,王喆,13800000001,车间,离职")
    assert counts(bring(KIND, ROSTER, *rows)) == (1, 1, 0, 0)
    assert career(session, "+8613800000001") == [
        (FACTORY, "001", SINCE_EVER, TODAY),
        (HOTEL, "050", TODAY, None),
    ]
    assert everybody(session) == 3


def test_somebody_without_a_phone_comes_back_under_the_same_staff_no(session: Session, bring: Bring) -> None:
    bring(KIND, ROSTER, f"{BAKERY},003,钱多多,,,在职")
    bring(KIND, ROSTER, f"{BAKERY},003,钱多多,,,离职")
    assert counts(bring(KIND, ROSTER, f"{BAKERY},003,钱多多,13800000044,,在职")) == (1, 0, 0, 0)
    assert career(session, "+8613800000044") == [
        (BAKERY, "003", SINCE_EVER, TODAY),
        (BAKERY, "003", TODAY, None),
    ]
    assert everybody(session) == 4


def test_a_staff_no_used_again_is_another_person(session: Session, bring: Bring) -> None:
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,离职")
    assert counts(bring(KIND, ROSTER, f"{FACTORY},001,周新,13800000099,车间,在职")) == (1, 0, 0, 0)
    assert career(session, "+8613800000099") == [(FACTORY, "001", TODAY, None)]
    assert career(session, "+8613800000001") == [(FACTORY, "001", SINCE_EVER, TODAY)]


def test_a_namesake_with_another_phone_is_another_person(session: Session, bring: Bring) -> None:
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,离职")
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000099,车间,在职")
    assert holder(session, "+8613800000099").id != holder(session, "+8613800000001").id


# --- what is refused ---


def test_it_refuses_a_staff_no_twice_within_one_enterprise(bring: Bring) -> None:
    job = bring(
        KIND,
        ROSTER,
        f"{FACTORY},003,甲,,,在职",
        f"{FACTORY},００３,乙,,,离职",
        f"{HOTEL},003,丙,,,在职",
    )
    assert problems(job) == [(2, "工号", "与第 3 行重复"), (3, "工号", "与第 2 行重复")]


def test_it_refuses_a_phone_twice_in_the_file(bring: Bring) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},003,甲,13800000004,,在职", f"{HOTEL},003,乙,+8613800000004,,在职")
    assert problems(job) == [(2, "手机号", "与第 3 行重复"), (3, "手机号", "与第 2 行重复")]


@pytest.mark.parametrize("name", ["赵云", "别人"])
def test_it_refuses_the_phone_of_somebody_employed_elsewhere_and_does_not_say_where(
    bring: Bring, name: str
) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},003,{name},13800000003,,在职")
    assert problems(job) == [(2, "手机号", TAKEN)]
    [reject] = job.rejected
    assert "酒店" not in reject.reason + reject.remedy
    assert HOTEL not in reject.reason + reject.remedy


def test_it_refuses_to_give_somebody_a_phone_that_is_anothers(bring: Bring) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000003,车间,在职")
    assert problems(job) == [(2, "手机号", TAKEN)]


def test_it_refuses_the_phone_of_a_leaver_with_another_name(session: Session, bring: Bring) -> None:
    bring(KIND, ROSTER, f"{FACTORY},001,王喆,13800000001,车间,离职")
    assert problems(bring(KIND, ROSTER, f"{HOTEL},050,周新,13800000001,,在职")) == [(2, "手机号", TAKEN)]


def test_it_refuses_the_phone_of_a_dependant(session: Session, bring: Bring) -> None:
    sponsor = holder(session, "+8613800000001")
    session.add(
        Holder(
            kind=HolderKind.DEPENDANT,
            name="王小",
            phone="+8613800000055",
            sponsor_id=sponsor.id,
            created_at=AT,
        )
    )
    session.flush()
    words = "这个手机号是一位员工家属的"
    assert problems(bring(KIND, ROSTER, f"{HOTEL},050,王小,13800000055,,在职")) == [(2, "手机号", words)]


def test_it_says_which_staff_no_of_the_own_enterprise_has_the_phone(bring: Bring) -> None:
    job = bring(KIND, ROSTER, f"{FACTORY},1,王喆,13800000001,车间,在职")
    assert problems(job) == [(2, "手机号", "这个手机号已登记在本企业的工号 001 下")]


def test_it_refuses_unknown_enterprises_statuses_phones_and_empty_names(bring: Bring) -> None:
    stranger = credit_code(79)
    job = bring(
        KIND,
        ROSTER,
        f"{stranger},003,甲,,,在职",
        f"{FACTORY},004,乙,,,休假",
        f"{FACTORY},005,丙,1.38E+10,,在职",
        f"{FACTORY},006,,12345,,在职",
    )
    assert sorted(problems(job)) == [
        (2, "统一社会信用代码", "没有这家企业"),
        (3, "在职状态", "在职状态看不懂"),
        (4, "手机号", "被表格软件改成了科学计数，数字已经不完整"),
        (5, "姓名", "没有填写"),
        (5, "手机号", "手机号不对"),
    ]
    assert {reject.row: reject.remedy for reject in job.rejected}[4] == "请把该列设为文本后重新粘贴"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("003,甲,,,在职,,2026-11-23", "离职日期", "在职的员工填了离职日期"),
        ("003,甲,,,离职,2020-01-02,2020-01-01", "离职日期", "离职日期早于入职日期"),
        ("001,王喆,,车间,离职,2027-01-01,", "离职日期", "离职日期早于入职日期"),
    ],
)
def test_it_refuses_days_that_contradict(bring: Bring, row: str, column: str, reason: str) -> None:
    assert problems(bring(KIND, DATED, f"{FACTORY},{row}")) == [(2, column, reason)]


def test_it_refuses_two_employments_at_a_time(session: Session, bring: Bring) -> None:
    bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-10-01")
    overlap = [(2, "入职日期", "与此前的任职时间重叠")]
    elsewhere = f"{HOTEL},050,王喆,13800000001,,在职,2026-09-30,"
    assert problems(bring(KIND, DATED, elsewhere)) == overlap
    same_number = f"{FACTORY},001,周新,13800000099,,在职,2026-09-30,"
    assert problems(bring(KIND, DATED, same_number)) == overlap
    assert counts(bring(KIND, DATED, same_number.replace("2026-09-30", "2026-10-01"))) == (1, 0, 0, 0)


def test_a_rejected_row_leaves_nothing_behind(session: Session, bring: Bring) -> None:
    bring(KIND, DATED, f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-10-01")
    job = bring(
        KIND,
        DATED,
        f"{FACTORY},001,周新,13800000099,,在职,2026-09-30,",
        f"{FACTORY},002,李改名,13800000002,,在职,2028-01-01,2027-01-01",
        f"{FACTORY},003,新人,,,在职,,",
        partial=True,
    )
    assert counts(job) == (1, 0, 0, 2)
    assert everybody(session) == 4
    assert holder(session, "+8613800000002").name == "李㛃"


def test_a_new_phone_ends_what_the_old_one_had_claimed(session: Session, bring: Bring) -> None:
    """HR corrects a phone: whoever signed in with the wrong one no longer shows this person's pass."""
    bring(KIND, ROSTER, f"{FACTORY},007,钱多多,13800000071,,", f"{FACTORY},008,孙小小,13800000081,,")
    for phone in ("+8613800000071", "+8613800000081"):
        account_of_proven_phone(session, phone, AT)
    bring(KIND, ROSTER, f"{FACTORY},007,钱多多,13800000072,,", f"{FACTORY},008,孙小小,,生产部,")
    session.flush()

    def holding(phone: str) -> int:
        mine = select(Grant).join(Account, Account.id == Grant.account_id).where(Account.phone == phone)
        return len(session.scalars(mine.where(Grant.revoked_at.is_(None))).all())

    assert (holding("+8613800000071"), holding("+8613800000081")) == (0, 1)
    # And back again: the first account gets its pass again by proving the phone.
    bring(KIND, ROSTER, f"{FACTORY},007,钱多多,13800000071,,")
    session.flush()
    account_of_proven_phone(session, "+8613800000071", AT)
    assert holding("+8613800000071") == 1
