"""The counter: at which outlet, and through whom, a scan or a redemption is made."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Counter:
    """An outlet of a merchant, and the cashier's account or the outlet's API token that acts there."""

    merchant_id: int
    outlet_id: UUID
    account_id: int | None = None
    token_id: UUID | None = None
