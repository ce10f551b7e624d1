"""Seconds of processor time of this process's children with all theirs, from Linux's /proc."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def used(*marks: str) -> dict[str, float]:
    """By mark: the time of the descendants that have it in their command line, and of theirs.

    Somebody else's work on the machine changes it little, unlike what a clock on the wall measures.
    """
    children: dict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for directory in PROC.glob("[0-9]*"):
        try:
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # From the third field on: state, parent, …; 12 to 15 are user, system, and those of ended children.
        children[int(fields[1])].append(int(directory.name))
        seconds[int(directory.name)] = sum(map(int, fields[11:15])) / _TICKS
    found = dict.fromkeys(marks, 0.0)
    for child in children[os.getpid()]:
        _find(child, marks, found, children, seconds)
    return found


def _find(
    process: int,
    marks: Sequence[str],
    found: dict[str, float],
    children: Mapping[int, list[int]],
    seconds: Mapping[int, float],
) -> None:
    command = _command(process)
    for mark in marks:
        if mark in command:
            found[mark] += _sum(process, children, seconds)
    # A forked child has its parent's command line and is part of its sum already.
    rest = [mark for mark in marks if mark not in command]
    for child in children.get(process, ()):
        _find(child, rest, found, children, seconds)


def _sum(process: int, children: Mapping[int, list[int]], seconds: Mapping[int, float]) -> float:
    return seconds[process] + sum(_sum(child, children, seconds) for child in children.get(process, ()))


def _command(process: int) -> str:
    try:
        return (PROC / str(process) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
