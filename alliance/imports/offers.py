"""Offers: 统一社会信用代码 (the merchant's), 优惠编号, 优惠名称, 类型, and the terms of that kind.

A row that says what the newest revision says changes nothing; any other is submitted as a new revision and
waits for the organizer, unless the import approves it at once.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Outlet
from alliance.imports import known, offer_phrases
from alliance.imports.fields import (
    Budget,
    Count,
    CreditCode,
    Day,
    Minutes,
    Permille,
    Pieces,
    PositiveYuan,
    Unfit,
    Yuan,
    code_of,
    fold,
    gift_name,
    text_of,
)
from alliance.imports.offer_conditions import CONDITIONS, ConditionsRow, Named, listed
from alliance.imports.run import Import, Kind, Outcome
from alliance.imports.words import Problem
from alliance.offers import historical
from alliance.offers.conditions import read_conditions
from alliance.offers.evidence import showings
from alliance.offers.life import Draft, OfferInvalid, approve, submit
from alliance.offers.limits import Limits, read_limits
from alliance.offers.models import (
    Offer,
    OfferApproval,
    OfferReturn,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
)
from alliance.offers.pricing import Terms, read_terms

#: The columns of limits, by the names in ``offers.limits``.
_LIMITS = {
    "total": "总次数",
    "units": "总份数",
    "budget_fen": "让利预算(元)",
    "outlet_day": "每店每日次数",
    "holder_day": "每人每日次数",
    "holder_week": "每人每周次数",
    "holder_month": "每人每月次数",
    "holder_ever": "每人累计次数",
    "household_day": "每户每日次数",
    "household_week": "每户每周次数",
    "household_month": "每户每月次数",
    "household_ever": "每户累计次数",
    "cool_down_minutes": "间隔分钟",
}
#: What 每人累计次数 was called when it was the only limit of a person.
_EACH = "每人次数"

#: The columns of terms, and the fields of ``offers.pricing`` that they hold.
_COLUMNS = {
    "折扣": "pay_permille",
    "满(元)": "threshold_fen",
    "减(元)": "off_fen",
    "联盟价(元)": "unit_price_fen",
    "买(件)": "buy",
    "赠(件)": "free",
    "赠品": "gift",
    "票面价(元)": "face_price_fen",
    "门票价(元)": "ticket_price_fen",
}
#: 类型: the terms that it says by itself, and the columns that say the others.
_KINDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "折扣": ({"kind": "discount"}, ("折扣",)),
    "立减": ({"kind": "amount_off"}, ("减(元)",)),
    "满减": ({"kind": "threshold"}, ("满(元)", "减(元)")),
    "每满减": ({"kind": "threshold", "repeat": True}, ("满(元)", "减(元)")),
    "联盟价": ({"kind": "alliance_price"}, ("联盟价(元)",)),
    "成本价": ({"kind": "alliance_price"}, ("联盟价(元)",)),
    "买赠": ({"kind": "buy_get"}, ("买(件)", "赠(件)")),
    "赠品": ({"kind": "gift"}, ("赠品", "满(元)")),
    "门票": ({"kind": "ticket"}, ("票面价(元)", "门票价(元)")),
    "服务": ({"kind": "service"}, ()),
}
#: What may be left out: a gift with any purchase.
_OPTIONAL = {("赠品", "满(元)")}

_INVALID = {
    "reserved": (Problem.RESERVED_CODE, "优惠编号"),
    "before_start": (Problem.OFFER_ENDS_BEFORE_START, "结束日期"),
    "past": (Problem.OFFER_OVER, "结束日期"),
    "above_threshold": (Problem.OFF_ABOVE_THRESHOLD, "减(元)"),
    "forbidden_words": (Problem.FORBIDDEN_WORDS, "优惠名称"),
    "compared_without_basis": (Problem.COMPARED_WITHOUT_BASIS, "优惠名称"),
    "below_price": (Problem.ABOVE_MARKET_PRICE, "联盟价(元)"),
    "above_face": (Problem.TICKET_ABOVE_FACE, "门票价(元)"),
    "below_used": (Problem.LIMIT_BELOW_USED, ""),
    "never": (Problem.OFFER_NEVER, ""),
    "in_and_out": (Problem.IN_AND_OUT, ""),
    "overlaps": (Problem.EXCLUSIVE_OVERLAPS, ""),
}


def _code(text: str) -> str:
    code = code_of(Offer.code)(text)
    if code == historical.CODE:
        raise Unfit(Problem.RESERVED_CODE)
    return code


def _kind(text: str) -> str | Terms:
    """The name of a kind, or the whole terms in a phrase."""
    if (name := fold(text)) in _KINDS:
        return name
    if offer_phrases.is_phrase(text):
        return offer_phrases.terms_of(text)
    raise Unfit(Problem.OFFER_KIND, kinds="、".join(_KINDS))


def _outlet_codes(text: str) -> list[str]:
    return [code_of(Outlet.code)(part) for part in listed(text)]


class OfferRow(ConditionsRow):
    """An offer of a merchant. Amounts in 分, days inclusive, no outlet means all of them."""

    extra_columns = frozenset(
        {
            *_COLUMNS,
            "开始日期",
            "结束日期",
            "门店编号",
            _EACH,
            *_LIMITS.values(),
            *CONDITIONS.values(),
        }
    )

    credit_code: CreditCode = Field(alias="统一社会信用代码")
    code: Annotated[str, BeforeValidator(_code)] = Field(alias="优惠编号")
    title: Annotated[str, BeforeValidator(text_of(OfferRevision.title))] = Field(alias="优惠名称")
    kind: Annotated[str | Terms, BeforeValidator(_kind)] = Field(alias="类型")
    pay_permille: Permille | None = Field(None, alias="折扣")
    threshold_fen: PositiveYuan | None = Field(None, alias="满(元)")
    off_fen: PositiveYuan | None = Field(None, alias="减(元)")
    unit_price_fen: Yuan | None = Field(None, alias="联盟价(元)")
    buy: Pieces | None = Field(None, alias="买(件)")
    free: Pieces | None = Field(None, alias="赠(件)")
    gift: Annotated[str, BeforeValidator(gift_name)] | None = Field(None, alias="赠品")
    face_price_fen: PositiveYuan | None = Field(None, alias="票面价(元)")
    ticket_price_fen: Yuan | None = Field(None, alias="门票价(元)")
    starts_on: Day | None = Field(None, alias="开始日期")
    ends_on: Day | None = Field(None, alias="结束日期")
    total: Count | None = Field(None, alias=_LIMITS["total"])
    units: Count | None = Field(None, alias=_LIMITS["units"])
    budget_fen: Budget | None = Field(None, alias=_LIMITS["budget_fen"])
    outlet_day: Count | None = Field(None, alias=_LIMITS["outlet_day"])
    holder_day: Count | None = Field(None, alias=_LIMITS["holder_day"])
    holder_week: Count | None = Field(None, alias=_LIMITS["holder_week"])
    holder_month: Count | None = Field(None, alias=_LIMITS["holder_month"])
    holder_ever: Count | None = Field(None, alias=_LIMITS["holder_ever"])
    each: Count | None = Field(None, alias=_EACH)
    household_day: Count | None = Field(None, alias=_LIMITS["household_day"])
    household_week: Count | None = Field(None, alias=_LIMITS["household_week"])
    household_month: Count | None = Field(None, alias=_LIMITS["household_month"])
    household_ever: Count | None = Field(None, alias=_LIMITS["household_ever"])
    cool_down_minutes: Minutes | None = Field(None, alias=_LIMITS["cool_down_minutes"])
    outlet_codes: Annotated[list[str], BeforeValidator(_outlet_codes)] = Field([], alias="门店编号")

    @model_validator(mode="after")
    def _has_the_terms_of_its_kind(self) -> Self:
        wanted = _KINDS[self.kind][1] if isinstance(self.kind, str) else ()
        for column, name in _COLUMNS.items():
            is_given = getattr(self, name) is not None
            if column in wanted and not is_given and (self.kind, column) not in _OPTIONAL:
                raise Unfit(Problem.MISSING, column)
            if column not in wanted and is_given:
                raise Unfit(Problem.NOT_FOR_KIND, column, kind=self._kind_name)
        return self

    @property
    def _kind_name(self) -> str:
        return self.kind if isinstance(self.kind, str) else "一句完整的优惠内容"

    @model_validator(mode="after")
    def _has_limits_that_agree(self) -> Self:
        if None not in (self.each, self.holder_ever) and self.each != self.holder_ever:
            raise Unfit(Problem.TWO_LIMITS, _EACH, other=_LIMITS["holder_ever"])
        if contradiction := self.limits().contradiction():
            column, other = (self._column(limit) for limit in contradiction)
            raise Unfit(Problem.LIMIT_ABOVE, column, column=column, other=other)
        return self

    def _column(self, limit: str) -> str:
        """Where the row says a limit."""
        is_old = limit == "holder_ever" and self.holder_ever is None
        return _EACH if is_old else _LIMITS[limit]

    def limits(self) -> Limits:
        """What is granted at most."""
        given = {name: getattr(self, name) for name in _LIMITS}
        return Limits(**given | {"holder_ever": self.holder_ever or self.each})

    def terms(self) -> Terms:
        """What is granted."""
        if not isinstance(self.kind, str):
            return self.kind
        said, columns = _KINDS[self.kind]
        given = {_COLUMNS[column]: getattr(self, _COLUMNS[column]) for column in columns}
        return read_terms(said | {name: value for name, value in given.items() if value is not None})


def bring_in(session: Session, rows: list[OfferRow], job: Import, *, approving: bool) -> None:
    """Submit what is new or different, and with ``approving`` approve it and what still waits."""
    rows = job.without_twins(rows, lambda row: (row.credit_code, row.code), "优惠编号")
    merchants = known.enterprises(session, (row.credit_code for row in rows))
    named = Named.by(session, rows)
    merchant_ids = [merchant.id for merchant in merchants.values()]
    outlets = known.outlets(session, merchant_ids)
    newest = _newest(session, merchant_ids)
    withdrawn = _ids(session, select(OfferWithdrawal.offer_id), OfferWithdrawal.merchant_id, merchant_ids)
    decided = _ids(session, select(OfferApproval.revision_id), OfferApproval.merchant_id, merchant_ids)
    decided |= _ids(session, select(OfferReturn.revision_id), OfferReturn.merchant_id, merchant_ids)

    def take(row: OfferRow) -> Outcome:
        if row.credit_code not in merchants:
            raise Unfit(Problem.UNKNOWN_ENTERPRISE, "统一社会信用代码")
        merchant_id = merchants[row.credit_code].id
        draft = _draft(row, merchant_id, outlets, named)
        revision, stands = newest.get((merchant_id, row.code), (None, None))
        if revision and revision.offer_id in withdrawn:
            raise Unfit(Problem.OFFER_WITHDRAWN, "优惠编号")
        outcome = Outcome.UPDATED if revision else Outcome.CREATED
        if revision and draft == stands:
            if revision.id in decided or not approving:
                return Outcome.UNCHANGED
        else:
            if revision:
                # A file says nothing about pictures and evidence: they stay.
                draft = replace(draft, showing=showings(session, [revision.id])[revision.id])
            revision = _submitted(session, merchant_id, draft, job)
        if approving:
            approve(session, revision, job.by, job.at)
        return outcome

    job.outcomes.update(job.each(rows, take))


def _draft(row: OfferRow, merchant_id: int, outlets: Mapping[tuple[int, str], Outlet], named: Named) -> Draft:
    for code in row.outlet_codes:
        if (merchant_id, code) not in outlets:
            raise Unfit(Problem.UNKNOWN_OUTLET, "门店编号", code=code)
    return Draft(
        code=row.code,
        title=row.title,
        terms=row.terms(),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        limits=row.limits(),
        conditions=named.conditions(row),
        outlet_ids=sorted({outlets[merchant_id, code].id for code in row.outlet_codes}),
    )


def _submitted(session: Session, merchant_id: int, draft: Draft, job: Import) -> OfferRevision:
    try:
        return submit(session, merchant_id, draft, job.by, job.at)
    except OfferInvalid as invalid:
        problem, column = _INVALID[invalid.problem]
        column = (_LIMITS | CONDITIONS).get(invalid.field, column)
        raise Unfit(problem, column, other=invalid.than, word=invalid.word) from None


def _newest(session: Session, merchant_ids: list[int]) -> dict[tuple[int, str], tuple[OfferRevision, Draft]]:
    """The newest revision of each offer of these merchants, and as the draft it was, by merchant and code."""
    outlet_ids: dict[UUID, list[UUID]] = defaultdict(list)
    link = OfferRevisionOutlet
    links = select(link.revision_id, link.outlet_id)
    for revision_id, outlet_id in known.select_in(session, links, link.merchant_id, merchant_ids):
        outlet_ids[revision_id].append(outlet_id)
    revisions = (
        select(Offer.code, OfferRevision)
        .join(
            OfferRevision,
            and_(OfferRevision.merchant_id == Offer.merchant_id, OfferRevision.offer_id == Offer.id),
        )
        .order_by(OfferRevision.number)
    )
    return {
        (revision.merchant_id, code): (revision, _as_draft(code, revision, outlet_ids[revision.id]))
        for code, revision in known.select_in(session, revisions, Offer.merchant_id, merchant_ids)
    }


def _as_draft(code: str, revision: OfferRevision, outlet_ids: list[UUID]) -> Draft:
    return Draft(
        code=code,
        title=revision.title,
        terms=read_terms(revision.terms),
        starts_on=revision.starts_on,
        ends_on=revision.ends_on,
        limits=read_limits(revision.limits),
        conditions=read_conditions(revision.conditions),
        outlet_ids=sorted(outlet_ids),
    )


def _ids(session: Session, statement: Select[UUID], column: Any, merchant_ids: list[int]) -> set[UUID]:
    return {id_ for (id_,) in known.select_in(session, statement, column, merchant_ids)}


def kind(*, approving: bool = False) -> Kind[OfferRow]:
    """The kind for offers that wait for the organizer, or are approved in the same transaction."""
    return Kind("offers", OfferRow, partial(bring_in, approving=approving))
