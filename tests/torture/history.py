"""Recorded concurrent histories, and whether a bounded counter can have behaved so.

An event is one call with the moments of its invocation and its response; the deed took effect somewhere
between the two. A history is right when one order of the effects explains every answer (linearizability).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import Any


class Effect(StrEnum):
    """What a call did to a counter."""

    TAKE = "take"
    GIVE = "give"
    #: Refused because the limit was reached: at some moment of the call, nothing was left.
    FULL = "full"


@dataclass(frozen=True)
class Event:
    """``invoked`` and ``responded`` are ticks of one clock for all threads; no two events share one."""

    deed: str
    arguments: tuple[Any, ...]
    result: Any
    invoked: int
    responded: int


@dataclass
class History:
    """Many threads write at once. A tick is taken before the call is made and after it has returned."""

    events: list[Event] = field(default_factory=list)
    _clock: Any = field(default_factory=count)
    _lock: Lock = field(default_factory=Lock)

    def tick(self) -> int:
        """The next moment; the iterator is one step, so moments are in the order of real time."""
        return int(next(self._clock))

    def record(self, deed: str, arguments: tuple[Any, ...], result: Any, invoked: int) -> None:
        """Write one call down; ``invoked`` is the tick taken before it."""
        event = Event(deed, arguments, result, invoked, self.tick())
        with self._lock:
            self.events.append(event)


#: Effect, invoked, responded.
Call = tuple[Effect, int, int]


@dataclass(frozen=True)
class _State:
    """``acted``: those of the calls under way that have taken effect; ``full_at``: last at the limit."""

    used: int
    acted: frozenset[int]
    full_at: int


def explains(calls: list[Call], limit: int) -> bool:
    """Whether some order of the effects, each within its call, keeps 0 ≤ counter ≤ limit and explains FULL.

    A walk over all moments with the set of states that are possible. Of two takes that may act at a moment
    it is always right that the one acts which must respond sooner. A FULL holds when the counter stood at
    the limit at some moment of its call: so a state also remembers when it last did.
    """
    moments = sorted(
        moment
        for index, (_, invoked, responded) in enumerate(calls)
        for moment in ((invoked, True, index), (responded, False, index))
    )
    pending: set[int] = set()
    states = {_State(0, frozenset(), -1)}
    for moment, is_invocation, index in moments:
        effect, invoked, _ = calls[index]
        if is_invocation:
            pending.add(index)
        states = _reachable(states, calls, pending, limit, moment)
        if not is_invocation:
            pending.remove(index)
            if effect is Effect.FULL:
                states = {state for state in states if state.full_at >= invoked}
            else:
                states = {
                    _State(state.used, state.acted - {index}, state.full_at)
                    for state in states
                    if index in state.acted
                }
        if not states:
            return False
    return True


def _reachable(
    states: set[_State], calls: list[Call], pending: set[int], limit: int, moment: int
) -> set[_State]:
    """Every state that effects of calls under way lead to, at this moment."""
    # Of states that differ only in when they were last full, the latest explains whatever the others do.
    full_at: dict[tuple[int, frozenset[int]], int] = {}
    todo = list(states)
    while todo:
        state = todo.pop()
        latest = moment if state.used == limit else state.full_at
        key = (state.used, state.acted)
        if full_at.get(key, -2) >= latest:
            continue
        full_at[key] = latest
        for effect, change in ((Effect.TAKE, 1), (Effect.GIVE, -1)):
            waiting = [i for i in pending - state.acted if calls[i][0] is effect]
            if waiting and 0 <= state.used + change <= limit:
                soonest = min(waiting, key=lambda i: calls[i][2])
                todo.append(_State(state.used + change, state.acted | {soonest}, latest))
    return {_State(*key, latest) for key, latest in full_at.items()}
