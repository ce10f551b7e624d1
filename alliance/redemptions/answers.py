"""What the client of a redemption is told: made once, stored with it, and told again word for word."""

import json
from collections.abc import Mapping
from typing import Any

from alliance.people.phones import mask_name
from alliance.redemptions.standing import Granted, Place


def answer_of(
    values: Mapping[str, Any],
    granted: Granted,
    place: Place,
    holder_name: str,
    employer_name: str,
    reversal: Mapping[str, Any] | None = None,
) -> str:
    """What the client of a redemption with these columns is told, as JSON; ``reversal`` is the answer of the
    one whose place it takes."""
    told = {
        "id": str(values["id"]),
        "redeemed_at": values["occurred_at"].isoformat(timespec="seconds"),
        "outlet": {"code": place.code, "name": place.name},
        "offer": {
            "id": str(granted.offer_id),
            "code": granted.offer_code,
            "title": granted.title,
            "revision": granted.number,
        },
        "holder": {"name": mask_name(holder_name), "employer": employer_name},
        "gross_fen": values["gross_fen"],
        "discount_fen": values["discount_fen"],
        "paid_fen": values["paid_fen"],
        "quantity": values["quantity"],
        "receipt_no": values["receipt_no"],
    }
    if reversal is not None:
        told |= {"corrects_id": str(values["corrects_id"]), "reversal": reversal}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
