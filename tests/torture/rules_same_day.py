"""Several changes on one day with redemptions between them: what was true at that time has hours."""

from datetime import timedelta
from random import Random

from tests.torture.machine import CODES, MERCHANTS, OUTLETS, Frame, drawn
from tests.torture.rules_counter import AtTheCounter
from tests.torture.rules_offers_and_people import EMPLOYEES, OffersAndPeople

#: Within the margin of a transaction, and beyond it.
WHILE = (0, 1, 240, 599, 601, 3600)


class OnOneDay(AtTheCounter, OffersAndPeople, Frame):
    """Mistakes put right, and people who leave and come back."""

    def a_mistake_is_put_right(self, dice: Random) -> None:
        """An outlet, or an employer, is moved and moved back, and customers come all the while."""
        outlet, holder = dice.choice(OUTLETS), dice.choice(EMPLOYEES)
        what = dice.choice((outlet, self.model.people.employer(holder, self.today) or outlet))
        for zone in dice.choice((("west", "east"), ("east", "west"), ("west", "east", "west"))):
            self.customer(holder, outlet, dice)
            self.move(what, zone, 0)
            self.wait(*dice.choices(WHILE, k=2))
        self.customer(holder, outlet, dice)

    def somebody_changes_employers(self, dice: Random) -> None:
        """Leaves, and joins another or the same on the same day."""
        outlet, holder = dice.choice(OUTLETS), dice.choice(EMPLOYEES)
        self.customer(holder, outlet, dice)
        self.leave(holder, dice.choice((0, 0, -1)))
        self.wait(dice.choice(WHILE))
        self.customer(holder, outlet, dice)
        self.join(holder, dice.choice(("dairy", "garage")))
        self.wait(dice.choice(WHILE))
        self.customer(holder, outlet, dice)

    mistake_1, change_1 = drawn(a_mistake_is_put_right), drawn(somebody_changes_employers)

    def customer(self, holder: str, outlet: str, dice: Random) -> None:
        """Somebody buys something, in three of four cases without a limit."""
        code = CODES[MERCHANTS[outlet]][dice.choice((0, 0, 0, 1))]
        self.order = (code, 6000 + self.number, 1, None)
        self.buy(holder, outlet, typed=False, signed=dice.random() < 0.5)

    def wait(self, *seconds: int) -> None:
        self.at += timedelta(seconds=sum(seconds))
