"""The error answers of the API, as OpenAPI describes them."""

from typing import Any

from pydantic import BaseModel, Field

from alliance.refused import Reason
from alliance.web.words import Fault


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


#: The statuses under which a Problem comes. Which reason stands under which is in ``docs/api.md``.
PROBLEMS: dict[int | str, Any] = {
    status: {
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "description": description,
    }
    for status, description in {
        400: "The request cannot be read.",
        401: "No token, or not one of ours.",
        403: "The token is for something else.",
        404: "Not there, or not yours.",
        409: "Taken, used up, or still in flight.",
        422: "Refused, or a field does not fit.",
        429: "Too many attempts.",
    }.items()
}


def describe(spec: dict[str, Any]) -> dict[str, Any]:
    """Add to the OpenAPI document what the routes refer to: the problem, and the two kinds of token."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {}).update(schema.pop("$defs"), Problem=schema)
    components["securitySchemes"] = {
        "outlet_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "`alliance token create --outlet`",
        },
        "report_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "`alliance token create --reports`",
        },
    }
    return spec
