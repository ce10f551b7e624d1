"""Random offers, people and places."""

from datetime import timedelta
from random import Random

from tests.torture.machine import CODES, EMPLOYERS, HOLDERS, MERCHANTS, OUTLETS, Frame, drawn
from tests.torture.records import Employment, Revision, Stay, Terms

EMPLOYEES = tuple(EMPLOYERS)
PLACES = (*OUTLETS, "dairy", "garage")
LIMIT = (None, 1, 1, 2, 3)
DAYS = (None, None, None, -1, 0, 1, 2, 30)
OFFER_DEEDS = {"submit": 5, "submit less than is used": 2, "approve": 2, "return": 1, "withdraw": 0.5}
PEOPLES_DEEDS = {"show": 1, "revoke": 2, "reissue": 2, "leave": 1, "join": 2, "join all": 2, "move": 2}


class OffersAndPeople(Frame):
    """What merchants, the organizer and employers do."""

    def an_offer(self, dice: Random) -> None:
        """Submitted, or revised where there is one with that code; decided; withdrawn."""
        deed = dice.choices(list(OFFER_DEEDS), list(OFFER_DEEDS.values()))[0]
        outlet, which = dice.choice(OUTLETS), dice.randrange(1000)
        code = dice.choice(CODES[MERCHANTS[outlet]])
        if deed.startswith("submit"):
            total = dice.choice(LIMIT)
            used = self.used_often()
            if deed == "submit less than is used" and used:
                outlet, code, total = dice.choice(used)
            self.submit(outlet, code, some_terms(dice), total, dice)
        elif deed == "withdraw":
            self.withdraw(MERCHANTS[outlet], code)
        elif self.submitted:
            self.decide(which, "approved" if deed == "approve" else "returned")

    def somebody(self, dice: Random) -> None:
        """Shows a pass, loses it, leaves, comes, or moves."""
        deed = dice.choices(list(PEOPLES_DEEDS), list(PEOPLES_DEEDS.values()))[0]
        holder, employee = dice.choice(HOLDERS), dice.choice(EMPLOYEES)
        if deed == "leave":
            self.leave(employee, dice.randint(-2, 3))
        elif deed == "join all":
            # So that there are customers again.
            for everybody in EMPLOYEES:
                self.join(everybody, EMPLOYERS[everybody])
        elif deed == "join":
            self.join(employee, dice.choice(("dairy", "garage")))
        elif deed == "move":
            # From today on maybe several times a day, as mistakes are put right.
            self.move(dice.choice(PLACES), dice.choice(("east", "west")), dice.choice((-2, 0, 0, 0, 1, 2)))
        elif deed == "show":
            self.show_(holder, dice.random() < 0.5)
        elif deed == "revoke":
            self.revoke(holder)
        else:
            self.reissue(holder)

    offer_1, offer_2 = drawn(an_offer), drawn(an_offer)
    somebody_1, somebody_2 = drawn(somebody), drawn(somebody)

    # --- offers ---

    def used_often(self) -> list[tuple[str, str, int]]:
        """Outlet, code and a limit below what is used, of every offer that allows one."""
        return [
            (outlet, scope[1], used - 1)
            for scope, used in self.model.used.items()
            for outlet, merchant in MERCHANTS.items()
            if scope[2] == "total" and scope[0] == merchant and used > 1
        ]

    def submit(self, outlet: str, code: str, terms: Terms, total: int | None, dice: Random) -> None:
        """For this outlet or everywhere; approved at once or not."""
        first, last = (
            None if days is None else self.today + timedelta(days=days) for days in dice.choices(DAYS, k=2)
        )
        each, only = dice.choice(LIMIT), frozenset([outlet] if dice.random() < 0.3 else [])
        revision = Revision(MERCHANTS[outlet], code, 0, terms, total, each, first, last, only)
        self.submit_(revision, at_once=dice.random() < 0.6)

    def submit_(self, revision: Revision, at_once: bool) -> None:
        accepted = self.both(
            "submit",
            lambda: self.model.submit(revision, self.today),
            lambda: self.product.submit(revision, self.at),
        )
        if accepted:
            self.submitted.append(revision)
            if at_once:
                self.decide(len(self.submitted) - 1, "approved")

    def decide(self, which: int, state: str) -> None:
        revision = self.submitted[which % len(self.submitted)]
        self.both(
            "decide",
            lambda: self.model.decide(revision, state),
            lambda: self.product.decide(revision, state, self.at),
        )

    def withdraw(self, merchant: str, code: str) -> None:
        if any((r.merchant, r.code) == (merchant, code) for r in self.model.revisions):
            self.both(
                "withdraw",
                lambda: self.model.withdrawn.add((merchant, code)),
                lambda: self.product.withdraw(merchant, code, self.at),
            )

    # --- people and places ---

    def revoke(self, holder: str) -> None:
        people = self.model.people
        self.both(
            "revoke",
            lambda: people.revoked.add(people.pass_of(holder)),
            lambda: self.product.revoke(holder, self.at),
        )

    def reissue(self, holder: str) -> None:
        self.both(
            "reissue",
            lambda: self.model.people.passes.append(holder),
            lambda: self.product.reissue(holder, self.at),
        )

    def leave(self, holder: str, ahead: int) -> None:
        """Or leave on another day than was said before."""
        employment = self.model.people.employment(holder, self.today)
        if employment is not None:
            at, on = self.moment(), self.today + timedelta(days=ahead)
            employment.said.append((at, employment.start, max(on, employment.start)))
            self.both("leave", lambda: None, lambda: self.product.leave(holder, on, at))

    def join(self, holder: str, employer: str) -> None:
        """Somebody who has left; maybe on this very day, and maybe the one who is come back to."""
        past = self.model.people.employments[holder]
        if all(e.end is not None and e.end <= self.today for e in past):
            at, on, staff_no = self.moment(), self.today, f"J{self.fresh()}"
            past.append(Employment(employer, [(at, on, None)]))
            self.both("join", lambda: None, lambda: self.product.join(holder, employer, staff_no, on, at))

    def move(self, what: str, zone: str, ahead: int) -> None:
        at, on = self.moment(), self.today + timedelta(days=ahead)
        self.model.people.stays[what].append(Stay(at, on, zone))
        self.both("move", lambda: None, lambda: self.product.move(what, zone, on, at))


def some_terms(dice: Random) -> Terms:
    """Of any kind; a threshold that is below what it takes off is refused."""
    kind = dice.choice(("discount", "threshold", "alliance_price"))
    if kind == "discount":
        return Terms(kind, dice.randint(1, 999))
    if kind == "threshold":
        return Terms(kind, dice.randint(1, 1000), dice.randint(1, 1000))
    return Terms(kind, dice.randint(0, 5000))
