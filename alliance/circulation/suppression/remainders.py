"""What is left of a shown total after everything shown in it is taken off."""

from dataclasses import dataclass

from alliance.circulation.suppression.tables import Cell, Tables


@dataclass
class _Rest:
    """``people``: at least so many are behind what is unknown. ``known``: the holders of the shown cells that
    can be taken off, summed; ``cheapest`` of them."""

    people: int = 0
    known: int = 0
    cheapest: tuple[int, Cell] | None = None


def cover_remainders(tables: Tables) -> bool:
    """Hide the smallest shown cell with a remainder that is a small group; whether there was one.

    A hidden zone is known but for the hidden enterprises in it, so a remainder is looked for all the way
    down, not in one line alone.
    """
    before = len(tables.hidden)
    for column in range(len(tables.columns.parent)):
        if any((row, column) in tables.hidden for row in range(len(tables.rows.parent))):
            _walk(tables, 0, 0, column)
    for row in range(len(tables.rows.parent)):
        if any((row, column) in tables.hidden for column in range(len(tables.columns.parent))):
            _walk(tables, 1, 0, row)
    return len(tables.hidden) > before


def _walk(tables: Tables, axis: int, place: int, other: int) -> _Rest:
    """What ``place`` adds to the rest of the total above it."""
    cell = (place, other) if axis == 0 else (other, place)
    if cell not in tables.holders:
        return _Rest()
    people = tables.holders[cell]
    children = (tables.rows, tables.columns)[axis].children[place]
    parts = [_walk(tables, axis, child, other) for child in children]
    rest = _Rest(
        max((part.people for part in parts), default=0),
        sum(part.known for part in parts),
        min((part.cheapest for part in parts if part.cheapest), default=None),
    )
    unknown = rest.people > 0 or (not children and cell in tables.hidden)
    rest.people = max(rest.people, people - rest.known) if unknown else 0
    if cell in tables.hidden:
        return rest
    if 0 < rest.people < tables.smallest and rest.cheapest:
        tables.hide([rest.cheapest[1]])
    return _Rest(0, people, (people, cell))
