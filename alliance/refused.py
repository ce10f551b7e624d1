"""The named refusal: why a pass, an offer or a redemption was turned down at the counter.

The words for each reason live with the surfaces; the domain only names it.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Every reason a counter, a POS or a phone can be given. Part of the API: never renamed."""

    MALFORMED = "malformed"
    UNKNOWN_CODE = "unknown_code"
    EXPIRED = "expired"
    CLOCK_SKEW = "clock_skew"
    NOT_YET_VALID = "not_yet_valid"
    UNKNOWN_KEY = "unknown_key"
    REVOKED = "revoked"
    ALREADY_PRESENTED = "already_presented"
    NOT_ENTITLED = "not_entitled"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    NAME_NOT_COMPARED = "name_not_compared"
    SCAN_NOT_FOUND = "scan_not_found"
    SCAN_EXPIRED = "scan_expired"
    WRONG_OUTLET = "wrong_outlet"
    OUTLET_NOT_OPEN = "outlet_not_open"
    OFFER_NOT_FOUND = "offer_not_found"
    OFFER_NOT_LIVE = "offer_not_live"
    OFFER_NOT_HERE = "offer_not_here"
    OFFER_NOT_FOR_HOLDER = "offer_not_for_holder"
    OFFER_NOT_FOR_EMPLOYER = "offer_not_for_employer"
    OFFER_NOT_NOW = "offer_not_now"
    OFFER_EXCLUSIVE = "offer_exclusive"
    BELOW_THRESHOLD = "below_threshold"
    BELOW_QUANTITY = "below_quantity"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_FIXED = "amount_fixed"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    LIMIT_TOTAL = "limit_total"
    LIMIT_HOLDER = "limit_holder"
    LIMIT_HOUSEHOLD = "limit_household"
    LIMIT_DAY = "limit_day"
    LIMIT_BUDGET = "limit_budget"
    COOL_DOWN = "cool_down"
    CARD_CEILING = "card_ceiling"
    IN_FLIGHT = "in_flight"
    BODY_MISMATCH = "body_mismatch"
    REDEMPTION_NOT_FOUND = "redemption_not_found"
    REVERSED_ALREADY = "reversed_already"
    NOT_CORRECTABLE = "not_correctable"
    REFUND_EXCEEDS_PAID = "refund_exceeds_paid"
    UNDO_TOO_LATE = "undo_too_late"
    MONTH_CLOSED = "month_closed"
    DEVICE_REMOVED = "device_removed"
    TOO_MANY_DEVICES = "too_many_devices"
    TOO_MANY_REBINDINGS = "too_many_rebindings"


class Refused(Exception):
    """A verb said no. ``reason`` is for machines, ``params`` fill the words (amounts in 分)."""

    def __init__(self, reason: Reason, **params: object) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.params = params
