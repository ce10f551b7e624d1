"""What a merchant's endpoints are told of redemptions and reversals (docs/webhooks.md)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alliance.webhooks.models import EventType
from alliance.webhooks.outbox import emit, event_row


def redemption_event(values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The outbox's row for a redemption, from its row (``merchant_id``, ``answer``, ``corrects_id``).

    The event holds what the API answered, without the holder's name.
    """
    told = json.loads(values["answer"])
    told["holder"].pop("name", None)
    is_new = values["corrects_id"] is None
    type_ = EventType.REDEMPTION_CREATED if is_new else EventType.REDEMPTION_CORRECTED
    return event_row(values["merchant_id"], type_, told, at)


def announce_reversal(session: Session, values: Mapping[str, Any], at: datetime) -> None:
    """Tell of a reversal by its row (``merchant_id``, ``answer``, ``uses``); one statement."""
    type_ = EventType.REDEMPTION_REVERSED if values["uses"] else EventType.REDEMPTION_REFUNDED
    emit(session, values["merchant_id"], type_, json.loads(values["answer"]), at)
