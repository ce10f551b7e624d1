"""Staff rosters: 统一社会信用代码, 工号, 姓名, 手机号, 部门, 在职状态, and maybe 入职日期 and 离职日期.

A person is known by the 工号 at the enterprise, and across enterprises by the phone. Somebody who is not
in the file has not left: leaving is a row that says 离职.
"""

from collections import defaultdict
from datetime import date
from itertools import chain
from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.grants import revoke_of_holder
from alliance.clock import SINCE_EVER
from alliance.imports import known
from alliance.imports.fields import CreditCode, Day, Phone, Unfit, code_of, fold, text_of
from alliance.imports.run import Import, Kind, Outcome, Row, assign
from alliance.imports.words import Problem
from alliance.people.employment import change_days
from alliance.people.models import Employment, Holder, HolderKind


def _says_left(text: str) -> bool:
    if fold(text) not in ("在职", "离职"):
        raise Unfit(Problem.STATUS)
    return fold(text) == "离职"


class RosterRow(Row):
    """An employee. ``ends_on`` is the first day no longer employed."""

    extra_columns = frozenset({"入职日期", "离职日期"})

    credit_code: CreditCode = Field(alias="统一社会信用代码")
    staff_no: Annotated[str, BeforeValidator(code_of(Employment.staff_no))] = Field(alias="工号")
    name: Annotated[str, BeforeValidator(text_of(Holder.name))] = Field(alias="姓名")
    phone: Phone | None = Field(None, alias="手机号")
    department: Annotated[str, BeforeValidator(text_of(Employment.department))] = Field("", alias="部门")
    left: Annotated[bool, BeforeValidator(_says_left)] = Field(False, alias="在职状态")
    starts_on: Day | None = Field(None, alias="入职日期")
    ends_on: Day | None = Field(None, alias="离职日期")


def bring_in(session: Session, rows: list[RosterRow], job: Import) -> None:
    """Employ, update and let go. Leavers come first, so that somebody may change employers in one file."""
    rows = job.without_twins(rows, lambda row: (row.credit_code, row.staff_no), "工号")
    leavers = [row for row in rows if row.left]
    stayers = job.without_twins((row for row in rows if not row.left), lambda row: row.phone, "手机号")
    staff = _Staff(session, [*leavers, *stayers], job)
    job.outcomes.update(job.each([*leavers, *stayers], staff.take))
    staff.save(session)


class _Staff:
    """The people of the file's enterprises, as the store has them and then as the rows make them."""

    def __init__(self, session: Session, rows: list[RosterRow], job: Import) -> None:
        self._session, self._at, self._today, self._by = session, job.at, job.today, job.by
        self._enterprises = known.enterprises(session, (row.credit_code for row in rows))
        people = _people(session, [enterprise.id for enterprise in self._enterprises.values()], rows)
        self._by_phone = {holder.phone: holder for holder in people.values() if holder.phone}
        #: Everybody who has had a 工号 at an enterprise, and everything that a person has done.
        self._posts: dict[tuple[int, str], list[Employment]] = defaultdict(list)
        self._careers: dict[Holder, list[Employment]] = defaultdict(list)
        self._holder_of: dict[Employment, Holder] = {}
        for (employment,) in known.select_in(session, select(Employment), Employment.holder_id, people):
            self._note(employment, people[employment.holder_id])
        self._hired: list[Employment] = []
        #: Whose phone is another now: what the old phone had claimed ends.
        self._rephoned: list[Holder] = []

    def take(self, row: RosterRow) -> Outcome:
        """Employ, update or let go one person. Raises Unfit, and then nothing has changed."""
        if row.credit_code not in self._enterprises:
            raise Unfit(Problem.UNKNOWN_ENTERPRISE, "统一社会信用代码")
        if not row.left and row.ends_on and row.ends_on <= self._today:
            raise Unfit(Problem.STILL_EMPLOYED, "离职日期")
        enterprise_id = self._enterprises[row.credit_code].id
        latest = max(self._posts[enterprise_id, row.staff_no], key=_end_of, default=None)
        if latest and (row.left or self._is_current(latest)):
            return self._revise(row, latest)
        return self._hire(row, enterprise_id, latest)

    def save(self, session: Session) -> None:
        """Write everything: people first, because an employment needs its holder's id."""
        session.add_all(self._holder_of[employment] for employment in self._hired)
        session.flush()
        for employment in self._hired:
            employment.holder_id = self._holder_of[employment].id
        session.add_all(self._hired)
        for holder in self._rephoned:
            revoke_of_holder(session, holder.id, self._by, self._at)

    def _revise(self, row: RosterRow, employment: Employment) -> Outcome:
        holder = self._holder_of[employment]
        phone = holder.phone if row.left else self._phone(row, holder)
        starts_on, ends_on = row.starts_on or employment.starts_on, self._end(row, employment.ends_on)
        self._check_days(starts_on, ends_on, employment, holder)
        outcomes = {assign(employment, department=row.department)}
        if holder.phone and phone != holder.phone:
            self._rephoned.append(holder)
        if not row.left:
            outcomes.add(assign(holder, name=row.name, phone=phone))
        if phone:
            self._by_phone[phone] = holder
        if (starts_on, ends_on) != (employment.starts_on, employment.ends_on):
            change_days(self._session, employment, starts_on, ends_on, self._at)
            outcomes.add(Outcome.UPDATED)
        return Outcome.UPDATED if Outcome.UPDATED in outcomes else Outcome.UNCHANGED

    def _hire(self, row: RosterRow, enterprise_id: int, former: Employment | None) -> Outcome:
        holder = self._returning(row, enterprise_id, former)
        if holder is None:
            holder = Holder(kind=HolderKind.EMPLOYEE, name=row.name, created_at=self._at)
        employment = Employment(
            enterprise_id=enterprise_id,
            staff_no=row.staff_no,
            department=row.department,
            starts_on=row.starts_on or (self._today if former or self._careers[holder] else SINCE_EVER),
            ends_on=self._end(row, None),
            recorded_at=self._at,
        )
        self._check_days(employment.starts_on, employment.ends_on, employment, holder)
        if row.phone:
            if holder.phone and holder.phone != row.phone:
                self._rephoned.append(holder)
            holder.phone = row.phone
            self._by_phone[row.phone] = holder
        self._hired.append(employment)
        self._note(employment, holder)
        return Outcome.CREATED

    def _returning(self, row: RosterRow, enterprise_id: int, former: Employment | None) -> Holder | None:
        """Who comes back: the one with this phone or, where it is new, with the same 工号 and name."""
        holder = self._by_phone.get(row.phone or "")
        if holder:
            for other in filter(self._is_current, self._careers[holder]):
                # Where somebody works now is told to that enterprise alone.
                if other.enterprise_id == enterprise_id:
                    raise Unfit(Problem.PHONE_AT_OTHER_STAFF_NO, "手机号", staff_no=other.staff_no)
                raise Unfit(Problem.PHONE_TAKEN, "手机号")
            _refuse_dependant(holder)
            if holder.name != row.name:
                raise Unfit(Problem.PHONE_TAKEN, "手机号")
            return holder
        if former is None:
            return None
        holder = self._holder_of[former]
        may_be_another = holder.name != row.name or (row.phone and holder.phone)
        return None if may_be_another or any(map(self._is_current, self._careers[holder])) else holder

    def _phone(self, row: RosterRow, holder: Holder) -> str | None:
        """The holder's phone from now on; an empty cell leaves it as it is."""
        if not row.phone or row.phone == holder.phone:
            return holder.phone
        if holder.phone and holder.name != row.name:
            raise Unfit(Problem.ANOTHER_PERSON, "工号")
        if row.phone in self._by_phone:
            _refuse_dependant(self._by_phone[row.phone])
            raise Unfit(Problem.PHONE_TAKEN, "手机号")
        return row.phone

    def _end(self, row: RosterRow, stored: date | None) -> date | None:
        if row.left and not row.ends_on:
            return min(stored or self._today, self._today)
        return row.ends_on or stored

    def _check_days(
        self, starts_on: date, ends_on: date | None, employment: Employment, holder: Holder
    ) -> None:
        """One person has one employment at a time, and one 工号 belongs to one person at a time."""
        if ends_on and ends_on < starts_on:
            raise Unfit(Problem.LEAVES_BEFORE_JOINING, "离职日期")
        post = self._posts[employment.enterprise_id, employment.staff_no]
        for other in {*post, *self._careers[holder]} - {employment}:
            if max(starts_on, other.starts_on) < min(ends_on or date.max, _end_of(other)):
                raise Unfit(Problem.EMPLOYMENTS_OVERLAP, "入职日期")

    def _is_current(self, employment: Employment) -> bool:
        return employment.ends_on is None or employment.ends_on > self._today

    def _note(self, employment: Employment, holder: Holder) -> None:
        self._posts[employment.enterprise_id, employment.staff_no].append(employment)
        self._careers[holder].append(employment)
        self._holder_of[employment] = holder


def _end_of(employment: Employment) -> date:
    return employment.ends_on or date.max


def _people(session: Session, enterprise_ids: list[int], rows: list[RosterRow]) -> dict[int, Holder]:
    """Everybody who has worked at these enterprises or has one of the file's phones, by id."""
    worked = select(Holder).join(Employment, Employment.holder_id == Holder.id).distinct()
    phones = (row.phone for row in rows if row.phone)
    found = chain(
        known.select_in(session, worked, Employment.enterprise_id, enterprise_ids),
        known.select_in(session, select(Holder), Holder.phone, phones),
    )
    return {holder.id: holder for (holder,) in found}


KIND = Kind("roster", RosterRow, bring_in)


def _refuse_dependant(holder: Holder) -> None:
    """Raises Unfit: whoever is of a family has to leave it before being an employee."""
    if holder.kind == HolderKind.DEPENDANT:
        raise Unfit(Problem.PHONE_OF_DEPENDANT, "手机号")
