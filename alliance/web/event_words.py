"""The words for what a webhook tells of."""

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from alliance.webhooks.models import EventType

EVENTS: Mapping[EventType, LazyString] = {
    EventType.REDEMPTION_CREATED: _l("核销"),
    EventType.REDEMPTION_REVERSED: _l("冲正"),
    EventType.REDEMPTION_REFUNDED: _l("部分退款"),
    EventType.REDEMPTION_CORRECTED: _l("改金额"),
    EventType.TEST: _l("测试"),
}


def events_words(types: Iterable[EventType]) -> str:
    """``核销、冲正``, in the order in which a form offers them."""
    wanted = set(types)
    return str(_("、")).join(str(words) for type_, words in EVENTS.items() if type_ in wanted)
