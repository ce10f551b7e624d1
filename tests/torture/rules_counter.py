"""Random deeds at a counter."""

from datetime import timedelta
from random import Random
from typing import Any

from tests.torture.machine import CODES, HOLDERS, MERCHANTS, OUTLETS, Frame, drawn, nth_last
from tests.torture.records import Shown

COUNTER_DEEDS = [
    "buy",
    "buy",
    "buy by scan",
    "photograph",
    "present",
    "scan",
    "redeem",
    "retry",
    "retry",
    "reverse",
    "reverse",
    "reverse",
    "reverse",
    "retry a reversal",
    "correct",
    "correct",
    "correct",
    "retry a correction",
]
AUTHORITIES = ("cashier", "merchant", "merchant", "organizer", "organizer")
ODD_GROSS, ODD_QUANTITY = (0, -1, 1, 4999, 5000, 10**9, 10**9 + 1), (2, 3, 9999, 10_000, 0)


class AtTheCounter(Frame):
    """What a cashier, a POS and an administrator do."""

    order: tuple[Any, ...] = ()

    def at_the_counter(self, dice: Random) -> None:
        """One of the counter's deeds; a purchase when there is nothing yet to do the others to."""
        deed, outlet, holder = dice.choice(COUNTER_DEEDS), dice.choice(OUTLETS), dice.choice(HOLDERS)
        elsewhere = dice.choice(OUTLETS) if dice.random() < 0.15 else None
        typed, which = dice.random() < 0.3, dice.randrange(1000)
        signed = dice.random() < 0.6
        gross = dice.choice(ODD_GROSS) if dice.random() < 0.1 else dice.randint(1, 20_000)
        quantity = dice.choice(ODD_QUANTITY) if dice.random() < 0.2 else 1
        code = dice.choices((*CODES[MERCHANTS[elsewhere or outlet]], "NONE"), (5, 7, 1, 0.3))[0]
        self.order = (code, gross, quantity, None)
        if deed == "present" and self.shown:
            self.present(nth_last(self.shown, which, 4), outlet, typed)
        elif deed == "scan" and self.shown:
            self.scan(nth_last(self.shown, which, 2), outlet, typed)
        elif deed == "redeem" and self.scanned:
            self.redeem(nth_last(self.scanned, which, 3), elsewhere)
        elif deed == "buy by scan":
            self.buy_by_scan(holder, outlet, typed, signed)
        elif deed == "photograph":
            self.photograph(holder, outlet, elsewhere or outlet)
        elif deed == "retry" and self.tried:
            self.retry(*nth_last(self.tried, which, 12), outlet, which)
        elif deed == "reverse" and self.model.sold:
            gone = [key for key, sold in self.model.sold.items() if not sold.stands]
            of = gone if gone and dice.random() < 0.1 else list(self.model.sold)
            self.reverse(nth_last(of, which, 6), elsewhere, which, dice.choice(AUTHORITIES))
        elif deed == "retry a reversal" and self.reversed:
            self.retry_reversal(nth_last(self.reversed, which, 6), other=typed)
        elif deed == "correct" and self.model.sold:
            who = dice.choice(AUTHORITIES)
            self.correct(nth_last(list(self.model.sold), which, 6), elsewhere, (gross, quantity), who)
        elif deed == "retry a correction" and self.corrected:
            self.retry_correction(nth_last(self.corrected, which, 6), other=typed)
        else:
            self.buy(holder, outlet, typed, signed)

    counter_1, counter_2, counter_3 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)
    counter_4, counter_5, counter_6 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)
    counter_7, counter_8, counter_9 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)

    def buy(self, holder: str, outlet: str, typed: bool, signed: bool) -> None:
        """In one call, with a fresh code."""
        if self.show_(holder, signed):
            self.present(self.shown[-1], outlet, typed)

    def present(self, shown: Shown, outlet: str, typed: bool) -> None:
        self.try_("redeem_at_once", (outlet, self.fresh(), shown, typed, self.order))

    def buy_by_scan(self, holder: str, outlet: str, typed: bool, signed: bool) -> None:
        """As the cashier does; one in twelve takes too long."""
        if self.show_(holder, signed):
            self.scan(self.shown[-1], outlet, typed)
            self.at += timedelta(minutes=self.number % 12)
            self.redeem(self.scanned[-1] if self.scanned else (outlet, 0), None)

    def photograph(self, holder: str, outlet: str, elsewhere: str) -> None:
        """Somebody takes a picture of a code and shows it when the phone has shown its next one."""
        if self.show_(holder, signed=True):
            picture = self.shown[-1]
            self.show_(holder, signed=True)
            self.present(self.shown[-1], outlet, typed=False)
            self.present(picture, elsewhere, typed=False)

    def scan(self, shown: Shown, outlet: str, typed: bool) -> None:
        id_ = self.fresh()
        if self.try_("scan", (outlet, id_, shown, typed)):
            self.scanned.append((outlet, id_))

    def redeem(self, scanned: tuple[str, int], elsewhere: str | None) -> None:
        outlet, scan_id = scanned
        self.try_("redeem", (elsewhere or outlet, self.fresh(), scan_id, self.order))

    def retry(self, name: str, arguments: tuple[Any, ...], outlet: str, which: int) -> None:
        """The same id again: as it was, or at any outlet, or with a body that differs."""
        if which % 4 == 0:
            arguments = (outlet, *arguments[1:])
        if which % 4 == 1 and name != "scan":
            code, gross, quantity, receipt = arguments[-1]
            arguments = (*arguments[:-1], (code, gross + 1, quantity, receipt))
        self.counter_deed(name, arguments)

    def reverse(self, key: tuple[str, int], elsewhere: str | None, part: int, who: str) -> None:
        """Void, or refund so many tenths of what was paid: 0 and more than all of it too."""
        sold = self.model.sold[key]
        refund = None if part % 4 == 0 else (sold.paid * (part % 13) + 9) // 10
        arguments = (elsewhere or sold.outlet, self.fresh(), key[1], refund, who)
        self.reversed.append(arguments)
        self.counter_deed("reverse", arguments)

    def retry_reversal(self, arguments: tuple[Any, ...], other: bool) -> None:
        """The same reversal again, or its id for another amount."""
        outlet, id_, sold_id, refund, who = arguments
        self.counter_deed("reverse", (outlet, id_, sold_id, 7 if other else refund, who))

    def correct(self, key: tuple[str, int], elsewhere: str | None, order: tuple[int, int], who: str) -> None:
        """改金额; its reversal may be sent again alone, and is then what it was."""
        outlet, id_, reversal = elsewhere or self.model.sold[key].outlet, self.fresh(), self.fresh()
        self.corrected.append((outlet, id_, reversal, key[1], order, who))
        self.reversed.append((outlet, reversal, key[1], None, who))
        self.counter_deed("correct", self.corrected[-1])

    def retry_correction(self, arguments: tuple[Any, ...], other: bool) -> None:
        """The same correction again, or its ids for another amount."""
        *ids, (gross, quantity), who = arguments
        self.counter_deed("correct", (*ids, (gross + other, quantity), who))

    def try_(self, name: str, arguments: tuple[Any, ...]) -> bool:
        self.tried.append((name, arguments))
        return self.counter_deed(name, arguments)
