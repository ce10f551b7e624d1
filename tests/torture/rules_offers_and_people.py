"""Random offers, people and places."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.torture.machine import CODES, MERCHANTS, OUTLETS, Frame, holders, outlets, pick
from tests.torture.records import Employment, Revision, Terms

employees = st.sampled_from(("mechanic", "salesman", "milkman"))
places = st.sampled_from((*OUTLETS, "dairy", "garage"))
limit = st.sampled_from((None, 1, 1, 2, 3))
days = st.sampled_from((None, None, None, -1, 0, 1, 2, 30))
terms = st.one_of(
    st.builds(Terms, st.just("discount"), st.integers(1, 999)),
    st.builds(Terms, st.just("threshold"), st.integers(1, 1000), st.integers(1, 1000)),
    st.builds(Terms, st.just("alliance_price"), st.integers(0, 5000)),
)


class OffersAndPeople(Frame):
    """What merchants, the organizer and employers do."""

    # --- offers ---

    @rule(
        outlet=outlets,
        code=pick,
        terms=terms,
        total=limit,
        each=limit,
        start=days,
        end=days,
        here=st.booleans(),
        at_once=st.booleans(),
    )
    def submit(self, outlet, code, terms, total, each, start, end, here, at_once) -> None:
        merchant = MERCHANTS[outlet]
        first, last = (None if d is None else self.today + timedelta(days=d) for d in (start, end))
        only = frozenset([outlet]) if here else frozenset()
        code = CODES[merchant][code % 3]
        revision = Revision(merchant, code, 0, terms, total, each, first, last, only)
        accepted = self.both(
            "submit",
            lambda: self.model.submit(revision, self.today),
            lambda: self.product.submit(revision, self.at),
        )
        if accepted:
            self.submitted.append(revision)
            if at_once:
                self.decide(len(self.submitted) - 1, "approved")

    @rule(which=pick, state=st.sampled_from(("approved", "returned")))
    def decide(self, which: int, state: str) -> None:
        if self.submitted:
            revision = self.submitted[which % len(self.submitted)]
            self.both(
                "decide",
                lambda: self.model.decide(revision, state),
                lambda: self.product.decide(revision, state, self.at),
            )

    @rule(outlet=outlets, code=pick, really=st.integers(0, 3))
    def withdraw(self, outlet: str, code: int, really: int) -> None:
        merchant = MERCHANTS[outlet]
        named = CODES[merchant][code % 3]
        if not really and any((r.merchant, r.code) == (merchant, named) for r in self.model.revisions):
            self.both(
                "withdraw",
                lambda: self.model.withdrawn.add((merchant, named)),
                lambda: self.product.withdraw(merchant, named, self.at),
            )

    # --- people and places ---

    @rule(holder=holders, signed=st.booleans())
    def show(self, holder: str, signed: bool) -> None:
        self.show_(holder, signed)

    @rule(holder=holders, really=st.integers(0, 4))
    def revoke(self, holder: str, really: int) -> None:
        if not really:
            self.both(
                "revoke",
                lambda: self.model.revoked.add(self.model.pass_of(holder)),
                lambda: self.product.revoke(holder, self.at),
            )

    @rule(holder=holders)
    def reissue(self, holder: str) -> None:
        self.both(
            "reissue",
            lambda: self.model.passes.append(holder),
            lambda: self.product.reissue(holder, self.at),
        )

    @rule(holder=employees, ahead=st.integers(-2, 3), really=st.integers(0, 2))
    def leave(self, holder: str, ahead: int, really: int) -> None:
        on = self.today + timedelta(days=ahead)
        employment = self.model.employment(holder, self.today)
        if employment is not None and not really:
            employment.end = max(on, employment.start)
            self.both("leave", lambda: None, lambda: self.product.leave(holder, on, self.at))

    @rule(holder=employees, employer=st.sampled_from(("dairy", "garage")))
    def join(self, holder: str, employer: str) -> None:
        past = self.model.employments[holder]
        if all(e.end is not None and e.end <= self.today for e in past):
            past.append(Employment(employer, self.today))
            staff_no = f"J{self.fresh()}"
            self.both("join", lambda: None, lambda: self.product.join(holder, employer, staff_no, self.today))

    @rule(what=places, zone=st.sampled_from(("east", "west")), ahead=st.integers(0, 2))
    def move(self, what: str, zone: str, ahead: int) -> None:
        on = self.today + timedelta(days=ahead)
        stays = self.model.outlet_zones if what in MERCHANTS else self.model.employer_zones
        self.both("move", lambda: stays[what].append((on, zone)), lambda: self.product.move(what, zone, on))
