"""Pictures for the enterprise's offers and answers."""

from flask.typing import ResponseReturnValue

from alliance.web import uploads
from alliance.web.enterprise import bp

#: Pictures that one account may upload within a day from the office.
MOST_PICTURES = 200


@bp.post("/pictures")
def upload_picture(enterprise_id: int) -> ResponseReturnValue:
    """Keep one; the form that is open takes its id along."""
    return uploads.take_in(enterprise_id, MOST_PICTURES)
