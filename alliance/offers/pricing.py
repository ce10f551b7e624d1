"""What an offer costs: a pure function of terms, gross amount and quantity.

Each kind is a frozen model with one method; ``Terms`` is their union, told apart by ``kind``. All amounts
are 分. One rounding rule: the price to pay is rounded half up to a whole 分, the discount is the rest.
docs/offers.md has worked examples of every kind.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from alliance.money import MAX_FEN, divide
from alliance.refused import Reason, Refused

MAX_QUANTITY = 9999
#: The longest that a gift may be called.
GIFT_LENGTH = 30
#: 买M赠N: the most of either.
MOST_PIECES = 99

_Fen = Annotated[int, Field(ge=1, le=MAX_FEN)]
_FenOrNothing = Annotated[int, Field(ge=0, le=MAX_FEN)]
_Pieces = Annotated[int, Field(ge=1, le=MOST_PIECES)]


class Takes(StrEnum):
    """What the cashier types for a kind."""

    AMOUNT = "amount"
    AMOUNT_AND_QUANTITY = "amount_and_quantity"
    QUANTITY = "quantity"
    NOTHING = "nothing"

    @property
    def has_amount(self) -> bool:
        """Whether it is the cashier who says the gross amount."""
        return self in (Takes.AMOUNT, Takes.AMOUNT_AND_QUANTITY)

    @property
    def has_quantity(self) -> bool:
        """Whether the number of pieces decides the price."""
        return self in (Takes.QUANTITY, Takes.AMOUNT_AND_QUANTITY)


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
    """``monotone``: a larger gross amount is given no less. ``additive``: so many pieces at once cost what
    they cost one by one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    takes: ClassVar[Takes] = Takes.AMOUNT
    monotone: ClassVar[bool] = True
    additive: ClassVar[bool] = False

    def flaw(self) -> tuple[str, str] | None:
        """The field and the problem of terms that nobody can mean: each value fits, but not together."""
        return None

    def gross_of(self, quantity: int) -> int:
        """The gross amount, where it is not for the cashier to say."""
        raise NotImplementedError


class Discount(_Terms):
    """折扣: the customer pays ``pay_permille`` of the gross amount; 8.5折 is 850."""

    kind: Literal["discount"] = "discount"
    pay_permille: int = Field(ge=1, le=999)

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``gross × (1 − permille/1000)``; the quantity does not matter."""
        return gross_fen - divide(gross_fen * self.pay_permille, 1000)


class AmountOff(_Terms):
    """立减: ``off_fen`` once, whatever is bought; never more than the gross amount."""

    kind: Literal["amount_off"] = "amount_off"
    off_fen: _Fen

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``off_fen``, at most the gross amount."""
        return min(self.off_fen, gross_fen)


class Threshold(_Terms):
    """满减: ``off_fen`` from ``threshold_fen`` on, once or (每满, ``repeat``) for each time it is reached."""

    kind: Literal["threshold"] = "threshold"
    threshold_fen: _Fen
    off_fen: _Fen
    repeat: bool = False

    def flaw(self) -> tuple[str, str] | None:
        """More off than it takes to get it."""
        return ("off_fen", "above_threshold") if self.off_fen > self.threshold_fen else None

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """Raises Refused(below_threshold) when the amount does not reach the threshold."""
        _check_threshold(gross_fen, self.threshold_fen)
        times = gross_fen // self.threshold_fen if self.repeat else 1
        return min(self.off_fen * times, gross_fen)


class AlliancePrice(_Terms):
    """联盟价, 成本价: ``unit_price_fen`` a piece, whatever the shelf says; never dearer than the shelf."""

    kind: Literal["alliance_price"] = "alliance_price"
    takes: ClassVar[Takes] = Takes.AMOUNT_AND_QUANTITY
    unit_price_fen: _FenOrNothing

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``gross − unit price × quantity``, at least 0."""
        return max(0, gross_fen - self.unit_price_fen * quantity)


class BuyGet(_Terms):
    """买赠: of ``buy + free`` pieces of the same thing, ``free`` cost nothing.

    The gross amount is that of all the pieces, the free ones included, and so are they in the quantity.
    """

    kind: Literal["buy_get"] = "buy_get"
    takes: ClassVar[Takes] = Takes.AMOUNT_AND_QUANTITY
    buy: _Pieces
    free: _Pieces

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """The gross amount's share of the free pieces. Raises Refused(below_quantity)."""
        group = self.buy + self.free
        if quantity < group:
            raise Refused(Reason.BELOW_QUANTITY, least=group, quantity=quantity)
        paid_for = quantity - quantity // group * self.free
        return gross_fen - divide(gross_fen * paid_for, quantity)


class Gift(_Terms):
    """赠品: a named gift with a purchase from ``threshold_fen`` on (0: with any).

    A gift is goods and no money: the customer pays the gross amount, and the discount is 0.
    """

    kind: Literal["gift"] = "gift"
    gift: str = Field(min_length=1, max_length=GIFT_LENGTH)
    threshold_fen: _FenOrNothing = 0

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """0. Raises Refused(below_threshold)."""
        _check_threshold(gross_fen, self.threshold_fen)
        return 0


class Ticket(_Terms):
    """专属门票: ``ticket_price_fen`` instead of ``face_price_fen`` a ticket; only the number is typed."""

    kind: Literal["ticket"] = "ticket"
    takes: ClassVar[Takes] = Takes.QUANTITY
    monotone: ClassVar[bool] = False
    additive: ClassVar[bool] = True
    face_price_fen: _Fen
    ticket_price_fen: _FenOrNothing

    def flaw(self) -> tuple[str, str] | None:
        """Dearer than at the window."""
        above = self.ticket_price_fen > self.face_price_fen
        return ("ticket_price_fen", "above_face") if above else None

    def gross_of(self, quantity: int) -> int:
        """Face price × quantity."""
        return self.face_price_fen * quantity

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """``(face price − ticket price) × quantity``, at least 0."""
        return max(0, gross_fen - self.ticket_price_fen * quantity)


class Service(_Terms):
    """服务权益: a service for nothing; no amount is typed, and none is booked."""

    kind: Literal["service"] = "service"
    takes: ClassVar[Takes] = Takes.NOTHING
    monotone: ClassVar[bool] = False
    additive: ClassVar[bool] = True

    def gross_of(self, quantity: int) -> int:
        """0."""
        return 0

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """0."""
        return 0


class Historical(_Terms):
    """历史数据: what an import without an offer is booked under. It is no kind a counter can grant."""

    kind: Literal["historical"] = "historical"

    def discount_fen(self, gross_fen: int, quantity: int) -> int:
        """Raises Refused(offer_not_live), always."""
        raise Refused(Reason.OFFER_NOT_LIVE)


Terms = Annotated[
    Discount | AmountOff | Threshold | AlliancePrice | BuyGet | Gift | Ticket | Service | Historical,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Terms] = TypeAdapter(Terms)


def read_terms(stored: dict[str, Any]) -> Terms:
    """The terms of a revision. Raises pydantic's ValidationError for what no kind accepts."""
    return _ADAPTER.validate_python(stored)


def price(terms: Terms, gross_fen: int | None, quantity: int = 1) -> Price:
    """What a purchase of ``gross_fen`` costs under ``terms``.

    Of a kind that does not take an amount, ``gross_fen`` is None, or what the terms themselves come to.
    Raises Refused: ``amount_missing``, ``amount_out_of_range`` (0 < gross ≤ ¥10,000,000, 1 ≤ quantity ≤
    9999), ``amount_fixed`` (another amount than the terms say), or what the kind refuses.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, gross_fen=gross_fen, quantity=quantity)
    gross = _typed(gross_fen, quantity) if terms.takes.has_amount else _fixed(terms, gross_fen, quantity)
    return Price(gross, terms.discount_fen(gross, quantity))


def _typed(gross_fen: int | None, quantity: int) -> int:
    if gross_fen is None:
        raise Refused(Reason.AMOUNT_MISSING)
    if not 0 < gross_fen <= MAX_FEN:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, gross_fen=gross_fen, quantity=quantity)
    return gross_fen


def _fixed(terms: Terms, gross_fen: int | None, quantity: int) -> int:
    fixed_fen = terms.gross_of(quantity)
    if fixed_fen > MAX_FEN:
        raise Refused(Reason.AMOUNT_OUT_OF_RANGE, gross_fen=fixed_fen, quantity=quantity)
    if gross_fen not in (None, fixed_fen):
        raise Refused(Reason.AMOUNT_FIXED, gross_fen=gross_fen, fixed_fen=fixed_fen)
    return fixed_fen


def _check_threshold(gross_fen: int, threshold_fen: int) -> None:
    if gross_fen < threshold_fen:
        raise Refused(Reason.BELOW_THRESHOLD, threshold_fen=threshold_fen, gross_fen=gross_fen)
