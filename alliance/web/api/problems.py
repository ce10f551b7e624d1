"""The error answers of the API, as OpenAPI describes them: per route and status the reasons."""

from collections import defaultdict
from typing import Any

from pydantic import BaseModel, Field

from alliance.refused import Reason
from alliance.web.errors import FAULT_OF_STATUS, status_of
from alliance.web.words import Fault

Named = Reason | Fault

STATUS_OF_FAULT = {fault: status for status, fault in FAULT_OF_STATUS.items()} | {
    Fault.MALFORMED_REQUEST: 400,
    Fault.PERIOD_NOT_PUBLIC: 400,
    Fault.INTERNAL_ERROR: 500,
}
#: What every route may answer.
ALWAYS: tuple[Named, ...] = (
    Fault.MALFORMED_REQUEST, Fault.UNAUTHENTICATED, Fault.FORBIDDEN, Fault.INVALID_REQUEST,
    Fault.TOO_MANY_REQUESTS, Fault.INTERNAL_ERROR, Fault.UNAVAILABLE,
)  # fmt: skip
#: What every POST may answer as well.
WRITING: tuple[Named, ...] = (
    Fault.TOO_LARGE, Fault.UNSUPPORTED_MEDIA_TYPE, Reason.IN_FLIGHT, Reason.BODY_MISMATCH,
)  # fmt: skip
PRESENTING: tuple[Named, ...] = (
    Reason.MALFORMED, Reason.UNKNOWN_CODE, Reason.EXPIRED, Reason.CLOCK_SKEW, Reason.NOT_YET_VALID,
    Reason.UNKNOWN_KEY, Reason.REVOKED, Reason.ALREADY_PRESENTED, Reason.NOT_ENTITLED,
    Reason.TOO_MANY_ATTEMPTS, Reason.WRONG_OUTLET,
)  # fmt: skip
PRICING: tuple[Named, ...] = (
    Reason.BELOW_THRESHOLD, Reason.BELOW_QUANTITY, Reason.AMOUNT_MISSING, Reason.AMOUNT_FIXED,
    Reason.AMOUNT_OUT_OF_RANGE,
)  # fmt: skip
LIMITING: tuple[Named, ...] = (
    Reason.LIMIT_TOTAL, Reason.LIMIT_HOLDER, Reason.LIMIT_HOUSEHOLD, Reason.LIMIT_DAY, Reason.LIMIT_BUDGET,
    Reason.CARD_CEILING,
)  # fmt: skip
REDEEMING: tuple[Named, ...] = (
    *PRESENTING, Reason.SCAN_NOT_FOUND, Reason.SCAN_EXPIRED, Reason.NAME_NOT_COMPARED,
    Reason.OUTLET_NOT_OPEN, Reason.OFFER_NOT_FOUND, Reason.OFFER_NOT_LIVE, Reason.OFFER_NOT_FOR_HOLDER,
    Reason.OFFER_NOT_FOR_EMPLOYER, Reason.OFFER_NOT_NOW, Reason.OFFER_NOT_HERE, Reason.OFFER_EXCLUSIVE,
    *PRICING, *LIMITING, Reason.COOL_DOWN,
)  # fmt: skip
FINDING: tuple[Named, ...] = (Fault.NOT_FOUND, Reason.REDEMPTION_NOT_FOUND)
REVERSING: tuple[Named, ...] = (
    *FINDING, Reason.REVERSED_ALREADY, Reason.REFUND_EXCEEDS_PAID, Reason.MONTH_CLOSED,
)  # fmt: skip
CORRECTING: tuple[Named, ...] = (
    *FINDING, Reason.NOT_CORRECTABLE, Reason.REVERSED_ALREADY, Reason.MONTH_CLOSED, *PRICING, *LIMITING,
)  # fmt: skip


class InvalidField(BaseModel):
    """One field of the request that does not fit."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457. ``reason`` is for the program, ``title`` and ``detail`` (Chinese) are for the cashier."""

    type: str
    title: str
    status: int
    detail: str
    reason: Reason | Fault
    errors: list[InvalidField] = Field(default_factory=list)


def problems(*named: Named) -> dict[int | str, Any]:
    """The OpenAPI responses of a route: these reasons, and those that every route has."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for each in (*ALWAYS, *named):
        status = int(status_of(each)) if isinstance(each, Reason) else STATUS_OF_FAULT[each]
        by_status[status].append(str(each))
    return {status: _response(reasons) for status, reasons in sorted(by_status.items())}


def _response(reasons: list[str]) -> dict[str, Any]:
    only = {"properties": {"reason": {"enum": reasons}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, only]}
    return {
        "description": ", ".join(f"`{reason}`" for reason in reasons),
        "content": {"application/problem+json": {"schema": schema}},
    }


def describe(spec: dict[str, Any]) -> dict[str, Any]:
    """Add to the OpenAPI document what all routes share: the problem, the tokens, the headers."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {}).update(schema.pop("$defs"), Problem=schema)
    components["securitySchemes"] = {
        "pos_token": _bearer(
            "Of an outlet or a merchant: 接口令牌 in the enterprise's office, `alliance token create`"
        ),
        "report_token": _bearer("Of the organizer's reports: `alliance token create --reports [--public]`"),
    }
    components["headers"] = {
        name: {"description": description, "schema": {"type": "integer"}}
        for name, description in _RATE_HEADERS.items()
    }
    spec["paths"] = dict(sorted(spec["paths"].items(), key=_in_order))
    for operations in spec["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            for status, response in operation.get("responses", {}).items():
                names = [*_RATE_HEADERS, *_MORE_HEADERS.get(str(status), ())]
                headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                response.setdefault("headers", {}).update(headers)
    components["headers"]["Retry-After"] = {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer"},
    }
    return spec


_RATE_HEADERS = {
    "X-RateLimit-Limit": "Requests in a minute.",
    "X-RateLimit-Remaining": "What is left of them.",
    "X-RateLimit-Reset": "When the minute ends, in seconds since 1970.",
}
_MORE_HEADERS = {"429": ("Retry-After",), "503": ("Retry-After",)}


#: As a till comes by them.
_ORDER = (
    "scans", "redemptions", "reversals", "refused-attempts", "reconciliation", "circulation",
)  # fmt: skip


def _in_order(path: tuple[str, Any]) -> tuple[int, str]:
    noun = path[0].removeprefix("/api/v1/").partition("/")[0]
    return _ORDER.index(noun), path[0]


def _bearer(description: str) -> dict[str, str]:
    return {"type": "http", "scheme": "bearer", "description": description}
