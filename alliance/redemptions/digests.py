"""SHA-256 digests: of a request (same id, same body?) and of a fact (is it as it was written?)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

#: The columns of a redemption that make the fact; all of them are frozen at the write.
REDEMPTION_COLUMNS = (
    "merchant_id",
    "id",
    "scan_id",
    "outlet_id",
    "offer_id",
    "revision_id",
    "holder_id",
    "household_id",
    "holder_kind",
    "employer_id",
    "employer_zone_id",
    "outlet_zone_id",
    "gross_fen",
    "discount_fen",
    "paid_fen",
    "quantity",
    "occurred_at",
    "received_at",
    "business_date",
    "posted_month",
    "channel",
    "account_id",
    "token_id",
    "corrects_id",
    "pos",
    "terminal",
    "cashier",
    "receipt_no",
    "body_digest",
    "answer",
)

#: The columns of a reversal that make the fact.
REVERSAL_COLUMNS = (
    "merchant_id",
    "id",
    "redemption_id",
    "uses",
    "gross_fen",
    "discount_fen",
    "paid_fen",
    "occurred_at",
    "business_date",
    "posted_month",
    "reason",
    "account_id",
    "token_id",
    "body_digest",
    "answer",
)


def redemption_digest(values: Mapping[str, Any]) -> bytes:
    """The digest of a redemption's row, by column name (absent is NULL); 32 bytes. Other keys are ignored."""
    return _fact_digest(REDEMPTION_COLUMNS, values)


def reversal_digest(values: Mapping[str, Any]) -> bytes:
    """The digest of a reversal's row, by column name (absent is NULL); 32 bytes. Other keys are ignored."""
    return _fact_digest(REVERSAL_COLUMNS, values)


def body_digest(values: Mapping[str, Any]) -> bytes:
    """The digest of a mapping, whatever the order of its keys; 32 bytes."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _fact_digest(columns: Iterable[str], values: Mapping[str, Any]) -> bytes:
    # Without the columns that are NULL: a column that is added later leaves the digests of old facts alone.
    return body_digest({column: values[column] for column in columns if values.get(column) is not None})


def _plain(value: object) -> str:
    # A moment is the same whichever offset it came with.
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else str(value)
