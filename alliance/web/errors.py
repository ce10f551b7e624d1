"""How errors end: as an RFC 9457 problem for programs, as a page for people.

Nothing here touches the database, so that the page comes up when the database is the trouble.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NoReturn

import apiflask
import sqlalchemy as sa
from apiflask import APIFlask
from flask import Response, abort, current_app, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from alliance.refused import Reason, Refused
from alliance.store import is_busy
from alliance.web.field_words import field_errors
from alliance.web.words import FAULTS, REFUSALS, Fault, remedy_for

STATUS: Mapping[Reason, HTTPStatus] = {
    Reason.SCAN_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.OFFER_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.REDEMPTION_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Reason.ALREADY_PRESENTED: HTTPStatus.CONFLICT,
    Reason.LIMIT_TOTAL: HTTPStatus.CONFLICT,
    Reason.LIMIT_HOLDER: HTTPStatus.CONFLICT,
    Reason.LIMIT_HOUSEHOLD: HTTPStatus.CONFLICT,
    Reason.LIMIT_DAY: HTTPStatus.CONFLICT,
    Reason.LIMIT_BUDGET: HTTPStatus.CONFLICT,
    Reason.COOL_DOWN: HTTPStatus.CONFLICT,
    Reason.CARD_CEILING: HTTPStatus.CONFLICT,
    Reason.MONTH_CLOSED: HTTPStatus.CONFLICT,
    Reason.DEVICE_REMOVED: HTTPStatus.CONFLICT,
    Reason.TOO_MANY_DEVICES: HTTPStatus.CONFLICT,
    Reason.TOO_MANY_REBINDINGS: HTTPStatus.CONFLICT,
    Reason.IN_FLIGHT: HTTPStatus.CONFLICT,
    Reason.TOO_MANY_ATTEMPTS: HTTPStatus.TOO_MANY_REQUESTS,
}
FAULT_OF_STATUS: Mapping[int, Fault] = {
    401: Fault.UNAUTHENTICATED,
    403: Fault.FORBIDDEN,
    404: Fault.NOT_FOUND,
    405: Fault.METHOD_NOT_ALLOWED,
    413: Fault.TOO_LARGE,
    415: Fault.UNSUPPORTED_MEDIA_TYPE,
    422: Fault.INVALID_REQUEST,
    429: Fault.TOO_MANY_REQUESTS,
    503: Fault.UNAVAILABLE,
}
#: Seconds after which the same request may succeed.
RETRY_AFTER = {Reason.IN_FLIGHT: "1", Reason.TOO_MANY_ATTEMPTS: "60", Fault.UNAVAILABLE: "5"}


def init_app(app: APIFlask) -> None:
    """Register the handlers."""
    app.error_callback = _invalid_input
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(sa.exc.DBAPIError, _database_error)
    app.register_error_handler(sa.exc.TimeoutError, _no_connection)
    app.register_error_handler(RecursionError, _too_deep)


def status_of(reason: Reason) -> HTTPStatus:
    """The HTTP status of a refusal."""
    return STATUS.get(reason, HTTPStatus.UNPROCESSABLE_ENTITY)


def wants_problem() -> bool:
    """Whether a program is asking: under /api/, or a script that asks for JSON."""
    if request.path.startswith("/api/"):
        return True
    offered = ["text/html", "application/json", "application/problem+json"]
    return request.accept_mimetypes.best_match(offered, default="text/html") != "text/html"


def answer(
    status: int, reason: Reason | Fault, title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()
) -> Response:
    """The error as a problem or as a page. ``errors`` name fields and are for programs only."""
    if wants_problem():
        response = problem(status, reason, title, detail, errors)
    else:
        response = make_response(
            render_template("error.html", status=int(status), headline=title, remedy=detail)
        )
    response.status_code = int(status)
    if reason in RETRY_AFTER:
        response.headers["Retry-After"] = RETRY_AFTER[reason]
    return response


def problem(
    status: int, reason: Reason | Fault, title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()
) -> Response:
    """An RFC 9457 problem document; ``reason`` is one of ``Reason`` or ``Fault``."""
    body: dict[str, Any] = {
        "type": f"urn:alliance:problem:{reason}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "reason": str(reason),
    }
    if errors:
        body["errors"] = list(errors)
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return response


def refusal(refused: Refused) -> Response:
    """The answer to a refusal that no route has words of its own for."""
    words = REFUSALS[refused.reason]
    return answer(status_of(refused.reason), refused.reason, str(words.headline), remedy_for(refused))


def invalid_field(name: str, message: str) -> NoReturn:
    """End the request with invalid_request: a field, or a parameter, that only a lookup found to be wrong."""
    abort(
        _fault(HTTPStatus.UNPROCESSABLE_ENTITY, Fault.INVALID_REQUEST, [{"field": name, "message": message}])
    )


def period_not_public() -> NoReturn:
    """End the request: only the data officer may see figures of such a period, or of one that goes on."""
    abort(_fault(HTTPStatus.BAD_REQUEST, Fault.PERIOD_NOT_PUBLIC))


def _fault(status: int, fault: Fault, errors: Sequence[Mapping[str, str]] = ()) -> Response:
    words = FAULTS[fault]
    return answer(status, fault, str(words.headline), str(words.remedy), errors)


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    fallback = Fault.MALFORMED_REQUEST if code < 500 else Fault.INTERNAL_ERROR
    response = _fault(code, FAULT_OF_STATUS.get(code, fallback))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def _csrf_error(_: CSRFError) -> Response:
    return _fault(HTTPStatus.BAD_REQUEST, Fault.FORM_EXPIRED)


def _refused(refused: Refused) -> Response:
    return refusal(refused)


def _invalid_input(error: apiflask.HTTPError) -> Response:
    """APIFlask's own error: a request that does not fit its model, else an ``apiflask.abort``."""
    cause = error.__cause__
    errors = field_errors(cause) if isinstance(cause, ValidationError) else ()
    fault = FAULT_OF_STATUS.get(error.status_code, Fault.MALFORMED_REQUEST)
    return _fault(error.status_code, fault, errors)


def _database_error(error: sa.exc.DBAPIError) -> Response:
    if is_busy(error):
        return refusal(Refused(Reason.IN_FLIGHT))
    if isinstance(error, sa.exc.DataError):
        # A value that no column can hold got past a form: the caller's mistake, and ours to notice.
        current_app.logger.warning("input that the database cannot hold", exc_info=error)
        return _fault(HTTPStatus.UNPROCESSABLE_ENTITY, Fault.INVALID_REQUEST)
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return _no_connection(error)
    _reraise(error)


def _no_connection(error: sa.exc.SQLAlchemyError) -> Response:
    current_app.logger.error("the database does not answer", exc_info=error)
    return _fault(HTTPStatus.SERVICE_UNAVAILABLE, Fault.UNAVAILABLE)


def _too_deep(error: RecursionError) -> Response:
    if not request.is_json:
        _reraise(error)
    return _fault(HTTPStatus.BAD_REQUEST, Fault.MALFORMED_REQUEST)


def _reraise(error: Exception) -> NoReturn:
    """Let Flask log it and answer 500."""
    raise error
