"""Weekdays, hours and days off as Chinese merchants write them. Each raises ValueError for what is none."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from alliance.offers.conditions import MOST_SPANS, MOST_WINDOWS, NAME_LENGTH, Hours, Span

_DAYS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
_NAMED = {"工作日": (1, 2, 3, 4, 5), "周末": (6, 7), "每天": ()}
_DASH = "[-–—~至到]+"
_CLOCK = r"(\d{1,2})(?:[:点时](\d{2})?分?)?"
_HOURS = re.compile(f"{_CLOCK}{_DASH}{_CLOCK}")
_DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_SPAN = re.compile(rf"(?P<name>.*?)[::]?{_DAY}(?:{_DASH}{_DAY})?")
_BETWEEN = re.compile(r"[、,;\n]+")


def weekdays_of(text: str) -> tuple[int, ...]:
    """``周一至周五``, ``周一、周三``, ``周一三五``, ``工作日``, ``周末``; every day is no condition."""
    days: set[int] = set()
    for part in _parts(text):
        if part in _NAMED:
            days.update(_NAMED[part])
        elif found := re.fullmatch(
            f"(?:周|星期)?([一二三四五六日天]){_DASH}(?:周|星期)?([一二三四五六日天])", part
        ):
            first, last = _DAYS[found[1]], _DAYS[found[2]]
            # 周六至周一 goes round the end of the week.
            days.update((day - 1) % 7 + 1 for day in range(first, last + 1 if first <= last else last + 8))
        elif found := re.fullmatch("(?:周|星期)?([一二三四五六日天]+)", part):
            days.update(_DAYS[day] for day in found[1])
        else:
            raise ValueError(f"not weekdays: {part[:40]!r}")
    return tuple(sorted(days)) if len(days) < 7 else ()


def hours_of(text: str) -> tuple[Hours, ...]:
    """``11:00-14:00、17点到21点``; ``22:00-2:00`` passes midnight."""
    windows = tuple(_hours(part) for part in _parts(text))
    if len(windows) > MOST_WINDOWS:
        raise ValueError("too many windows")
    return windows


def spans_of(text: str) -> tuple[Span, ...]:
    """``春节 2027-02-10至2027-02-17``, one day or from one to another, several in lines or behind ``;``."""
    spans = tuple(_span(part) for part in _parts(text))
    if len(spans) > MOST_SPANS:
        raise ValueError("too many days off")
    return spans


def _parts(text: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKC", text)
    return [part for each in _BETWEEN.split(plain) if (part := re.sub(r"\s+", "", each))]


def _hours(part: str) -> Hours:
    found = _HOURS.fullmatch(part)
    if found is None:
        raise ValueError(f"not hours: {part[:40]!r}")
    from_hour, from_minute, to_hour, to_minute = (int(each or 0) for each in found.groups())
    if from_minute > 59 or to_minute > 59:
        raise ValueError("no such minute")
    end = 60 * to_hour + to_minute
    # Until 0:00 is until the end of the day.
    return Hours(start=60 * from_hour + from_minute, end=end or 24 * 60)


def _span(part: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None or len(found["name"]) > NAME_LENGTH:
        raise ValueError(f"not days: {part[:40]!r}")
    first = date(*map(int, found.groups()[1:4]))
    last = date(*map(int, found.groups()[4:7])) if found[5] else first
    if not 2000 <= first.year <= last.year <= 2099:
        raise ValueError("no year of ours")
    return Span(first=first, last=last, name=found["name"])
