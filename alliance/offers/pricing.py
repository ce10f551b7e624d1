"""What an offer costs: a pure function of terms, gross amount and quantity.

Each kind is a frozen model with one method; ``Terms`` is their union, told apart by ``kind``. All amounts
are 分. One rounding rule: the price to pay is rounded half up to a whole 分, the discount is the rest.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from alliance.money import MAX_FEN, divide
from alliance.refused import Reason, Refused

MAX_QUANTITY = 9999


@dataclass(frozen=True)
class Price:
    """``paid_fen = gross_fen - discount_fen``, and 0 ≤ discount_fen ≤ gross_fen."""

    gross_fen: int
    discount_fen: int

    @property
    def paid_fen(self) -> int:
        """What the cashier collects."""
        return self.gross_fen - self.discount_fen


class _Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Discount(_Terms):
    """折扣: the customer pays ``pay_permille`` of the gross amount; 8.5折 is 850."""

    kind: Literal["discount"] = "discount"
    pay_permille: int = Field(ge=1, le=999)

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``gross × (1 − permille/1000)``; the quantity does not matter."""
        return gross_fen - divide(gross_fen * self.pay_permille, 1000)


class Threshold(_Terms):
    """满减: ``off_fen`` once, from ``threshold_fen`` on."""

    kind: Literal["threshold"] = "threshold"
    threshold_fen: int = Field(ge=1, le=MAX_FEN)
    off_fen: int = Field(ge=1, le=MAX_FEN)

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """Raises Refused(below_threshold) when the amount does not reach the threshold."""
        if gross_fen < self.threshold_fen:
            raise Refused(Reason.BELOW_THRESHOLD, threshold_fen=self.threshold_fen, gross_fen=gross_fen)
        return min(self.off_fen, gross_fen)


class AlliancePrice(_Terms):
    """联盟价: ``unit_price_fen`` a piece, whatever the shelf says; never dearer than the shelf."""

    kind: Literal["alliance_price"] = "alliance_price"
    unit_price_fen: int = Field(ge=0, le=MAX_FEN)

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``gross − unit price × quantity``, at least 0."""
        return max(0, gross_fen - self.unit_price_fen * quantity)


class Historical(_Terms):
    """历史数据: what an import without an offer is booked under. It is no kind a counter can grant."""

    kind: Literal["historical"] = "historical"

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """Raises Refused(offer_not_live), always."""
        raise Refused(Reason.OFFER_NOT_LIVE)


Terms = Annotated[Discount | Threshold | AlliancePrice | Historical, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Terms] = TypeAdapter(Terms)


def read_terms(stored: dict[str, Any]) -> Terms:
    """The terms of a revision. Raises pydantic's ValidationError for what no kind accepts."""
    return _ADAPTER.validate_python(stored)


def price(terms: Terms, gross_fen: int, quantity: int = 1) -> Price:
    """What a purchase of ``gross_fen`` costs under ``terms``.

    Raises Refused: ``amount_out_of_range`` (0 < gross ≤ ¥10,000,000, 1 ≤ quantity ≤ 9999) or what the
    kind refuses.
    """
    if not 0 < gross_fen <= MAX_FEN or not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, gross_fen=gross_fen, quantity=quantity)
    return Price(gross_fen, terms.discount_fen(gross_fen, quantity))
