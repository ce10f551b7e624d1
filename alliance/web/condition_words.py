"""Conditions in plain words, and as a form shows them again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import pairwise

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.enterprises.models import Enterprise
from alliance.offers.conditions import Conditions, Hours, Party, Span
from alliance.web.plain import day_words
from alliance.zones.models import Zone

WEEKDAYS = (_l("周一"), _l("周二"), _l("周三"), _l("周四"), _l("周五"), _l("周六"), _l("周日"))
#: So many names are said; the others are counted.
_SAID = 3
MIDNIGHT = time()


@dataclass(frozen=True)
class Names:
    """What zones and enterprises are called, by id."""

    zones: Mapping[int, str] = field(default_factory=dict)
    enterprises: Mapping[int, str] = field(default_factory=dict)


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


def names_in(session: Session, several: Collection[Conditions]) -> Names:
    """The names of all that these conditions speak of; no statement where they speak of none."""
    zones = {id_ for each in several for id_ in each.zones}
    employers = {id_ for each in several for id_ in (*each.employers, *each.not_employers)}
    return Names(
        dict(session.execute(select(Zone.id, Zone.name).where(Zone.id.in_(zones))).all()) if zones else {},
        dict(
            session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(employers))).all()
        )
        if employers
        else {},
    )


def conditions_words(conditions: Conditions, names: Names) -> list[str]:
    """Each condition in a phrase: when, when not, for whose staff, with how many, beside what."""
    when = " ".join(filter(None, (weekdays_words(conditions.weekdays), hours_words(conditions.hours))))
    return [
        *([when] if when else []),
        *(_("%(days)s不可用", days=span_words(span)) for span in conditions.blackouts),
        *_employers_words(conditions, names),
        *([_party_words(conditions)] if conditions.party else []),
        *([_("不与其他优惠同享")] if conditions.exclusive else []),
    ]


def weekdays_words(weekdays: Sequence[int]) -> str:
    """``周一至周五``, ``周一、周三``; nothing where it is every day."""
    if len(weekdays) > 2 and all(after == before + 1 for before, after in pairwise(weekdays)):
        return _("%(first)s至%(last)s", first=WEEKDAYS[weekdays[0] - 1], last=WEEKDAYS[weekdays[-1] - 1])
    return _("、").join(str(WEEKDAYS[day - 1]) for day in weekdays)


def hours_words(hours: Sequence[Hours]) -> str:
    """``11:00–14:00、22:00–次日2:00``."""
    return _("、").join(map(_window_words, hours))


def opens_words(opens_at: datetime, at: datetime) -> str:
    """From when on it can be used: ``今天17:00起可用``, ``明天起可用``, ``3月7日（周六）11:00起可用``."""
    local, day = clock.local(opens_at), clock.business_date(opens_at)
    hour = "" if local.time() == MIDNIGHT else f"{local:%H:%M}"
    match (day - clock.business_date(at)).days:
        case 0:
            return _("今天%(time)s起可用", time=hour)
        case 1:
            return _("明天%(time)s起可用", time=hour)
        case _:
            weekday = WEEKDAYS[day.isoweekday() - 1]
            return _(
                "%(month)s月%(day)s日（%(weekday)s）%(time)s起可用",
                month=day.month,
                day=day.day,
                weekday=weekday,
                time=hour,
            )


def span_words(span: Span) -> str:
    """``春节 2027年2月10日–2月17日``."""
    last = "" if span.last == span.first else f"–{day_words(span.last, since=span.first)}"
    return f"{span.name} {day_words(span.first)}{last}".strip()


def _window_words(window: Hours) -> str:
    start, end = (f"{minutes // 60}:{minutes % 60:02d}" for minutes in (window.start, window.end))
    if window.passes_midnight:
        return _("%(start)s–次日%(end)s", start=start, end=end)
    return f"{start}–{end}"


def _employers_words(conditions: Conditions, names: Names) -> list[str]:
    zones = [names.zones[id_] for id_ in conditions.zones]
    let_in = [names.enterprises[id_] for id_ in conditions.employers]
    kept_out = [names.enterprises[id_] for id_ in conditions.not_employers]
    words = []
    if zones and let_in:
        words.append(
            _("仅限%(zones)s的单位和%(employers)s的员工", zones=_list(zones), employers=_list(let_in))
        )
    elif zones:
        words.append(_("仅限%(zones)s单位员工", zones=_list(zones)))
    elif let_in:
        words.append(_("仅限%(employers)s员工", employers=_list(let_in)))
    if kept_out:
        words.append(_("%(employers)s员工不可用", employers=_list(kept_out)))
    return words


def _list(names: Sequence[str]) -> str:
    said = _("、").join(names[:_SAID])
    more = len(names) - _SAID
    return _("%(names)s等%(count)s家", names=said, count=len(names)) if more > 0 else said


def _party_words(conditions: Conditions) -> str:
    match conditions.party:
        case Party.HOLDER:
            return _("仅限持码人本人，不含同行的人")
        case Party.PEOPLE:
            return _("同行的人可一起用，连本人最多%(people)s人", people=conditions.people)
        case _:
            return _("整桌都可用")
