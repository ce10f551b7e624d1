"""What goes over the wire: the pydantic models that several routes share.

Amounts are integers in 分, moments UTC (RFC 3339), days business dates in Asia/Shanghai.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from flask_babel import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alliance.passes.credential import MAX_TEXT
from alliance.redemptions.models import Channel

#: Text that both databases can hold: PostgreSQL refuses NUL, and SQLite would hide what follows it.
TEXT = r"^[^\x00]*$"
#: The longest page of a list.
MAX_PAGE = 200


def _only_iso(value: Any) -> Any:
    # Pydantic would read a bare number as seconds since 1970. The ends of the calendar have no day beyond.
    if isinstance(value, str) and not re.fullmatch(r"(19|2\d)\d\d-\d\d-\d\d", value, re.ASCII):
        raise ValueError(_("应为日期，例如 2026-03-01"))
    return value


#: From 1900 to 2999.
Day = Annotated[date, BeforeValidator(_only_iso)]
Presentation = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT,
        pattern=TEXT,
        description="The text of the QR code, or the eight typed digits.",
    ),
]
OutletName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        pattern=TEXT,
        description="The outlet's code (门店编号) or id. A merchant's token has to name it; an outlet's may.",
    ),
]
Words = Annotated[str, Field(max_length=64, pattern=TEXT)]
Why = Annotated[
    str, Field(min_length=1, max_length=200, pattern=TEXT, description="For the merchant's books.")
]


class Minted(BaseModel):
    """A request that may be repeated: its id is minted by the client before its first send."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: UUID = Field(
        strict=False,
        description="Minted by the client before its first send. Send the same id and body again after any "
        "failure: the first acceptance is answered word for word.",
    )


class Query(BaseModel):
    """Parameters: one that does not exist is a mistake, or a misspelt filter would list everything."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Query):
    """Which part of a list: inclusive business dates, one outlet, and where the last page ended."""

    outlet: OutletName | None = None
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(
        default=None, max_length=200, pattern=TEXT, description="`next_cursor` of the page before."
    )


class NamedCode(BaseModel):
    """Something of the merchant's, by code and name."""

    code: str
    name: str


class RedeemedOffer(BaseModel):
    """The offer as it was redeemed."""

    id: UUID
    code: str
    title: str
    revision: int


class MaskedHolder(BaseModel):
    """As much of the person as a counter may see."""

    name: str = Field(description="Masked: 张**. Empty for a child under 14, who has no name here.")
    employer: str


class Amounts(BaseModel):
    """``paid_fen = gross_fen - discount_fen``."""

    gross_fen: int
    discount_fen: int
    paid_fen: int


class RedemptionAnswer(BaseModel):
    """The redemption as it stands in the books."""

    id: UUID
    redeemed_at: str
    outlet: NamedCode
    offer: RedeemedOffer
    holder: MaskedHolder
    gross_fen: int
    discount_fen: int
    paid_fen: int = Field(description="What the cashier collects.")
    quantity: int
    receipt_no: str | None


class ReversalAnswer(Amounts):
    """A reversal as it was posted; its amounts are negative. ``whole``: it left nothing of the redemption."""

    id: UUID
    redemption_id: UUID
    reversed_at: str
    whole: bool


class CorrectionAnswer(RedemptionAnswer):
    """The redemption that took the place of another, and the reversal that gave the other one back."""

    corrects_id: UUID
    reversal: ReversalAnswer


class ReversalState(ReversalAnswer):
    """A reversal with everything that the books say of it."""

    outlet: NamedCode
    reason: str
    business_date: date = Field(description="The redemption's.")
    posted_month: str = Field(description="`2026-03`: the month in which it counts.")


class RedemptionState(RedemptionAnswer):
    """A redemption as it stands. The amounts are those of the acceptance; ``left`` is what reversals left."""

    state: Literal["posted", "partially_refunded", "reversed"]
    left: Amounts
    reversals: list[ReversalState] = Field(description="The oldest first.")
    business_date: date
    posted_month: str = Field(description="`2026-03`: the month in which it counts.")
    received_at: str
    channel: Channel
    corrects_id: UUID | None = Field(description="The redemption that this one replaces.")
    corrected_by_id: UUID | None = Field(description="The redemption that replaces this one.")
    pos: str | None
    terminal: str | None
    cashier: str | None
