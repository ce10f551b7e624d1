"""The language of the pages: Chinese, unless the visitor has chosen another.

What the browser prefers is not asked: many a phone or till is set to English where everybody reads Chinese.
"""

from flask import current_app, has_request_context, session

CHINESE = "zh"
_CHOSEN = "language"


def current() -> str | None:
    """The language to answer in; None outside of a request."""
    if not has_request_context():
        return None
    chosen = session.get(_CHOSEN)
    return chosen if chosen in current_app.config["LANGUAGES"] else CHINESE


def choose(language: str) -> bool:
    """Keep the visitor's choice in his session; False when there is no such language."""
    if language not in current_app.config["LANGUAGES"]:
        return False
    session[_CHOSEN] = language
    return True


def forget_all_else() -> None:
    """Empty the visitor's session, of the form token too; only the choice of the language stays."""
    chosen = session.get(_CHOSEN)
    session.clear()
    if chosen is not None:
        session[_CHOSEN] = chosen
