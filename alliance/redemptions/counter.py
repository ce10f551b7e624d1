"""The counter: at which outlet, and through whom, a scan or a redemption is made."""

from dataclasses import dataclass
from uuid import UUID

from alliance.audit.trail import Actor
from alliance.redemptions.card_ceiling import DEFAULT_FEN


@dataclass(frozen=True)
class Counter:
    """An outlet of a merchant, and the cashier's account or the outlet's API token that acts there.

    ``address`` is the network address that the request came from. ``card_ceiling_fen`` is what the alliance
    lets a holder pay with printed cards in a day.
    """

    merchant_id: int
    outlet_id: UUID
    account_id: int | None = None
    token_id: UUID | None = None
    address: str = ""
    card_ceiling_fen: int = DEFAULT_FEN

    @property
    def actor(self) -> Actor:
        """Who acts, as the audit trail knows it."""
        return Actor(self.account_id, self.address, self.token_id)
