"""The product's counters: scans, redemptions, reversals and corrections."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.redeem import Answer, Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from tests.torture.product_world import InTheWorld
from tests.torture.records import Outcome, Shown


class AtTheCounter(InTheWorld):
    """What a cashier, a POS and an administrator do."""

    def scan(self, outlet: str, id_: int, shown: Shown, typed: bool, at: datetime) -> int:
        """As the model's."""
        return self.act(
            lambda session: len(
                scan(
                    session, self.keyring, self.counter(outlet), UUID(int=id_), self._text(shown, typed), at
                ).revision_ids
            )
        )

    def redeem(self, outlet: str, id_: int, scan_id: int, order: tuple[Any, ...], at: datetime) -> Outcome:
        """As the model's."""
        order_ = Order(UUID(int=id_), *order)
        return amounts(
            self.act(lambda session: redeem(session, self.counter(outlet), UUID(int=scan_id), order_, at))
        )

    def redeem_at_once(
        self, outlet: str, id_: int, shown: Shown, typed: bool, order: tuple[Any, ...], at: datetime
    ) -> Outcome:
        """As the model's."""
        order_, text, counter = Order(UUID(int=id_), *order), self._text(shown, typed), self.counter(outlet)
        return amounts(
            self.act(lambda session: redeem_at_once(session, self.keyring, counter, text, order_, at))
        )

    def reverse(
        self, outlet: str, id_: int, sold_id: int, refund: int | None, who: str, at: datetime
    ) -> Outcome:
        """As the model's."""
        ids, counter = (UUID(int=id_), UUID(int=sold_id)), self.counter(outlet)
        answer = self.act(
            lambda session: reverse(
                session, counter, *ids, "退货", at, refund_fen=refund, authority=Authority(who)
            )
        )
        told = json.loads(answer.body)
        return *amounts(answer)[:3], told["whole"], answer.replayed

    def correct(
        self,
        outlet: str,
        id_: int,
        reversal: int,
        sold_id: int,
        order: tuple[int, int],
        who: str,
        at: datetime,
    ) -> Outcome:
        """As the model's."""
        ids = (UUID(int=id_), UUID(int=reversal), UUID(int=sold_id))
        # The reversal alone must be taken for the same one.
        correction = Correction(*ids, *order, "退货")
        counter, authority = self.counter(outlet), Authority(who)
        return amounts(self.act(lambda session: correct(session, counter, authority, correction, at)))

    def _text(self, shown: Shown, typed: bool) -> str:
        text, digits = self._shown[shown.number]
        return digits if typed else text


def amounts(answer: Answer) -> Outcome:
    """(gross, discount, paid, replayed)."""
    told = json.loads(answer.body)
    return told["gross_fen"], told["discount_fen"], told["paid_fen"], answer.replayed
