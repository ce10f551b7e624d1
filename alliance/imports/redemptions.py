"""Past redemptions: 流水号, 核销时间, 统一社会信用代码, 工号, 门店编号, 原价(分), 优惠(分), 实付(分),
and maybe 优惠编号, 数量, 商户统一社会信用代码.

统一社会信用代码 is the holder's employer: the holder follows from the employment in effect on the business
date, the merchant from the outlet. What a fact freezes is looked up as it was on that day. A row without an
offer is booked under the merchant's 历史数据 offer. Limits never refuse what has happened, but count it. A
fact of a month that is closed is posted to the current one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.enterprises.models import Enterprise, Outlet
from alliance.imports import known
from alliance.imports.fields import CreditCode, Fen, Moment, Unfit, code_of, count_up_to
from alliance.imports.past import Past
from alliance.imports.run import Import, Kind, Outcome, Row
from alliance.imports.words import Problem
from alliance.offers.counters import OfferKey, count_in_bulk
from alliance.offers.limits import add_up, counts, read_limits
from alliance.offers.models import Offer
from alliance.offers.pricing import MAX_QUANTITY
from alliance.people.models import Employment
from alliance.redemptions.digests import body_digest, redemption_digest
from alliance.redemptions.models import Channel, DirtyMark, Redemption
from alliance.redemptions.uses import use_of

#: What the facts of a file use of limits, by offer and scope.
_Uses = dict[OfferKey, dict[str, int]]


class RedemptionRow(Row):
    """A redemption that has happened. Amounts in 分; ``employer_code`` is the holder's employer."""

    extra_columns = frozenset({"优惠编号", "数量", "商户统一社会信用代码"})

    receipt_no: Annotated[str, BeforeValidator(code_of(Redemption.receipt_no))] = Field(alias="流水号")
    occurred_at: Moment = Field(alias="核销时间")
    employer_code: CreditCode = Field(alias="统一社会信用代码")
    staff_no: Annotated[str, BeforeValidator(code_of(Employment.staff_no))] = Field(alias="工号")
    outlet_code: Annotated[str, BeforeValidator(code_of(Outlet.code))] = Field(alias="门店编号")
    gross_fen: Fen = Field(alias="原价(分)")
    discount_fen: Fen = Field(alias="优惠(分)")
    paid_fen: Fen = Field(alias="实付(分)")
    offer_code: Annotated[str, BeforeValidator(code_of(Offer.code))] | None = Field(None, alias="优惠编号")
    quantity: Annotated[int, BeforeValidator(count_up_to(MAX_QUANTITY))] = Field(1, alias="数量")
    merchant_code: CreditCode | None = Field(None, alias="商户统一社会信用代码")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.discount_fen > self.gross_fen:
            raise Unfit(Problem.DISCOUNT_ABOVE_GROSS, "优惠(分)")
        if self.gross_fen != self.discount_fen + self.paid_fen:
            raise Unfit(Problem.SUM, "实付(分)")
        return self


@dataclass(frozen=True, slots=True)
class _Fact:
    """A row whose outlet, and so whose merchant and id, is known. ``digest`` tells whether it has changed."""

    row: RedemptionRow
    outlet: Outlet
    id: UUID
    digest: bytes

    @property
    def number(self) -> int:
        """The row's number."""
        return self.row.number


def redemption_id(merchant_credit_code: str, receipt_no: str) -> UUID:
    """The id of an imported redemption: the same in every database, so that importing twice is once."""
    return uuid5(uuid5(NAMESPACE_URL, f"urn:alliance:merchant:{merchant_credit_code}"), receipt_no)


def bring_in(session: Session, rows: list[RedemptionRow], job: Import) -> None:
    """Book what is new. A known fact stays as it is, and a row that would change it is rejected."""
    outlets = _outlets(session, rows)
    facts = _distinct(job, list(job.each(rows, lambda row: _locate(row, outlets, job.at))))
    stored = _stored_digests(session, facts)
    merchant_ids = {fact.outlet.merchant_id for fact in facts}
    past = Past(session, (fact.row.employer_code for fact in facts), merchant_ids, job.at)
    uses: _Uses = defaultdict(dict)
    days: set[date] = set()

    def book(fact: _Fact) -> dict[str, Any] | None:
        if fact.id not in stored:
            return _freeze(fact, past, uses)
        if stored[fact.id] != fact.digest:
            raise Unfit(Problem.CHANGED_FACT, "流水号")
        return None

    for batch in job.progress(known.batched(facts), "写入"):
        booked = list(job.each(batch, book))
        new = [values for values in booked if values]
        job.outcomes[Outcome.CREATED] += len(new)
        job.outcomes[Outcome.UNCHANGED] += len(booked) - len(new)
        days.update(values["business_date"] for values in new)
        if new:
            session.execute(insert(Redemption), new)
    count_in_bulk(session, uses)
    session.add_all(DirtyMark(business_date=day) for day in sorted(days))


def _outlets(session: Session, rows: Iterable[RedemptionRow]) -> dict[str, list[tuple[Outlet, str]]]:
    """The outlets that have these codes and the credit codes of their merchants, by outlet code."""
    outlets: dict[str, list[tuple[Outlet, str]]] = defaultdict(list)
    statement = select(Outlet, Enterprise.credit_code).join(Enterprise, Enterprise.id == Outlet.merchant_id)
    codes = (row.outlet_code for row in rows)
    for outlet, credit_code in known.select_in(session, statement, Outlet.code, codes):
        outlets[outlet.code].append((outlet, credit_code))
    return outlets


def _locate(row: RedemptionRow, outlets: Mapping[str, Sequence[tuple[Outlet, str]]], now: datetime) -> _Fact:
    if row.occurred_at > now:
        raise Unfit(Problem.FUTURE, "核销时间")
    found = [
        (outlet, credit_code)
        for outlet, credit_code in outlets.get(row.outlet_code, ())
        if row.merchant_code in (None, credit_code)
    ]
    if not found:
        raise Unfit(Problem.UNKNOWN_OUTLET, "门店编号", code=row.outlet_code)
    if len(found) > 1:
        raise Unfit(Problem.AMBIGUOUS_OUTLET, "门店编号", code=row.outlet_code, merchants=len(found))
    [(outlet, credit_code)] = found
    content = row.model_dump(exclude={"number"}) | {"merchant_code": credit_code}
    return _Fact(row, outlet, redemption_id(credit_code, row.receipt_no), body_digest(content))


def _distinct(job: Import, facts: list[_Fact]) -> list[_Fact]:
    """The facts, each once: an identical row adds nothing, one with other content has a twin."""
    distinct = {(fact.id, fact.digest): fact for fact in reversed(facts)}
    job.outcomes[Outcome.UNCHANGED] += len(facts) - len(distinct)
    return job.without_twins(reversed(distinct.values()), lambda fact: fact.id, "流水号")


def _stored_digests(session: Session, facts: Iterable[_Fact]) -> dict[UUID, bytes]:
    """The digests of those facts that the store has, by id."""
    key = tuple_(Redemption.merchant_id, Redemption.id)
    keys = ((fact.outlet.merchant_id, fact.id) for fact in facts)
    statement = select(Redemption.id, Redemption.body_digest)
    return dict(known.select_in(session, statement, key, keys))


def _freeze(fact: _Fact, past: Past, uses: _Uses) -> dict[str, Any]:
    """The columns of the fact's row, as all was on its day; counts its uses of limits. Raises Unfit."""
    row, outlet = fact.row, fact.outlet
    day = business_date(row.occurred_at)
    employer_id = past.employer_id(row.employer_code)
    holder = past.employee(employer_id, row.staff_no, day)
    employer_zone_id = past.employer_zone_id(employer_id, day)
    outlet_zone_id = past.outlet_zone_id(outlet.id, day)
    revision = past.revision(outlet.merchant_id, row.offer_code)
    values = {
        "merchant_id": outlet.merchant_id,
        "id": fact.id,
        "scan_id": None,
        "outlet_id": outlet.id,
        "offer_id": revision.offer_id,
        "revision_id": revision.id,
        "holder_id": holder.id,
        "household_id": holder.sponsor_id or holder.id,
        "holder_kind": holder.kind,
        "employer_id": employer_id,
        "employer_zone_id": employer_zone_id,
        "outlet_zone_id": outlet_zone_id,
        "gross_fen": row.gross_fen,
        "discount_fen": row.discount_fen,
        "paid_fen": row.paid_fen,
        "quantity": row.quantity,
        "occurred_at": row.occurred_at,
        "received_at": past.at,
        "business_date": day,
        "posted_month": past.posted_month(day),
        "channel": Channel.IMPORT,
        "receipt_no": row.receipt_no,
        "body_digest": fact.digest,
    }
    if revision.limits:
        used = uses[outlet.merchant_id, revision.offer_id]
        add_up(used, counts(read_limits(revision.limits), use_of(values)))
    return values | {"digest": redemption_digest(values)}


KIND = Kind("redemptions", RedemptionRow, bring_in)
