"""Answers that were stored when they were first given, sent as they are."""

from flask import Response

from alliance.redemptions.redeem import Answer

#: Says that the answer was given before.
REPLAYED = "Idempotency-Replayed"


def told(answer: Answer) -> Response:
    """201 with the stored bytes."""
    response = Response(answer.body, status=201, mimetype="application/json")
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response
