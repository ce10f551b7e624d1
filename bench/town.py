"""A town to redeem in: merchants with a till and some offers each, and people with a phone each."""

import json
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from uuid import uuid4

from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.credit_code import check_character
from alliance.offers.pricing import Discount
from alliance.passes.credential import Credential, CredentialClass, sign
from alliance.passes.issue import pass_of
from alliance.passes.keys import Keyring
from alliance.webhooks.endpoints import add_endpoint
from alliance.webhooks.models import EventType
from alliance.webhooks.signing import Sealer
from tests.world import World

MERCHANTS, OFFERS_EACH = 32, 4
#: They show their passes in turn. A phone's codes are good in their order only, so there are enough people
#: for every request that waits to be over, or to have been given up, before its holder's turn comes again.
PEOPLE = 2000
PATH = "/api/v1/redemptions"
#: Far away, but counted: every redemption takes one from both.
LIMIT_TOTAL, LIMIT_HOLDER = 100_000_000, 1_000_000
#: Every redemption has an event for it; nobody goes there, because no worker runs.
ENDPOINT = "https://pos.test/"
#: Of a server's code: longer than its sixty seconds, so that minting is no part of what is measured.
LIFETIME = timedelta(hours=2)


@dataclass(frozen=True)
class Till:
    """A merchant's outlet: its token, and the codes of the offers redeemed there."""

    merchant_id: int
    token: str
    offers: tuple[str, ...]


class Town:
    """Built into an empty store; afterwards it makes requests out of nothing but its keys."""

    def __init__(self, session: Session, keyring: Keyring, at: datetime) -> None:
        world = World(session, at)
        world.keyring = keyring
        self._key = keyring.signing_key(session, at)
        self._at = at
        self.tills = [_till(world, number) for number in range(MERCHANTS)]
        people = [
            world.employee(world.garage, f"B{number}", "某某", f"+86137{number:08d}")
            for number in range(PEOPLE)
        ]
        self.holder_ids = [holder.id for holder in people]
        self._random = random.Random(20260304)
        self._status_indexes = [pass_of(session, holder.id, at).status_index for holder in people]
        self._phones = cycle([world.phone(holder) for holder in people])

    @property
    def hot(self) -> tuple[Till, str]:
        """The one offer, at its one till, when everybody wants the same."""
        return self.tills[0], self.tills[0].offers[0]

    def requests(self, count: int, *, hot: bool = False, by_phone: bool = True) -> Iterator[bytes]:
        """HTTP requests, each with a presentation and an id of its own; to be sent within 45 seconds."""
        for _ in range(count):
            till = self._random.choice(self.tills)
            till, offer = self.hot if hot else (till, self._random.choice(till.offers))
            yield _post(till, self.body(offer, by_phone=by_phone))

    def body(self, offer: str, *, by_phone: bool = True) -> dict[str, object]:
        """What a POS sends for one redemption. Without a phone, the code is a server's."""
        return {
            "id": str(uuid4()),
            "presentation": next(self._phones).show(clock.now()) if by_phone else self._server_code(),
            "offer": offer,
            "gross_fen": self._random.randrange(100, 100_000),
            "receipt_no": secrets.token_hex(6),
        }

    def _server_code(self) -> str:
        claims = {
            "4": int((self._at + LIFETIME).timestamp()),
            "6": int(self._at.timestamp()),
            "7": secrets.token_bytes(8),
            "-65537": int(CredentialClass.SHORT_LIVED),
            "-65538": self._random.choice(self._status_indexes),
        }
        return sign(Credential.model_validate(claims), self._key)


def _till(world: World, number: int) -> Till:
    stem = f"91220204MABEN{number:04d}"
    merchant = world._enterprise(stem + check_character(stem), f"商户{number:02d}", world.east)
    shop = world._outlet(merchant, "S1", f"门店{number:02d}", world.west)
    offers = tuple(f"M{number:02d}-{offer}" for offer in range(OFFERS_EACH))
    for code in offers:
        world.live_offer(
            merchant,
            code,
            Discount(pay_permille=850),
            limit_total=LIMIT_TOTAL,
            limit_holder=LIMIT_HOLDER,
        )
    sealer, wanted = Sealer("nothing is sent"), [EventType.REDEMPTION_CREATED]
    add_endpoint(world.session, sealer, merchant.id, ENDPOINT, "", wanted, COMMAND_LINE, world.at)
    _, token = create_token(world.session, "till", merchant.id, shop.id, None, COMMAND_LINE, world.at)
    return Till(merchant.id, token, offers)


def _post(till: Till, body: dict[str, object]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {till.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
