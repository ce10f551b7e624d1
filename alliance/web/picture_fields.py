"""Form fields for what belongs to a price: links, and pictures that were uploaded before the form."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from alliance.offers.evidence import MAX_LINK
from alliance.offers.wording import forbidden


class PictureIdsField(Field):  # type: ignore[misc]
    """The ids of up to ``most`` pictures, in their order; ``data`` is a list of UUIDs.

    The page's script uploads a file as soon as it is chosen and puts its id here, so that a form which has to
    be corrected loses no picture.
    """

    def __init__(self, label: Any, *, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.most = most

    @property
    def ids(self) -> list[UUID]:
        """None given is an empty list."""
        return list(self.data or ())

    @property
    def first(self) -> UUID | None:
        """The only one of a field that takes one."""
        return next(iter(self.ids), None)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Called by WTForms with what was posted."""
        self.data = []
        try:
            ids = list(dict.fromkeys(UUID(text) for text in valuelist if text))
        except ValueError:
            raise ValueError(_("图片没有上传成功，请重新选择。")) from None
        if len(ids) > self.most:
            raise ValueError(_("最多 %(most)s 张图片，请删去多余的。", most=self.most))
        self.data = ids


def text_field(label: Any, most: int, too_long: Any, *, missing: Any = None, lines: bool = False) -> Any:
    """A field of free text, trimmed; it may stay empty unless ``missing`` says what to say then."""
    kind = TextAreaField if lines else StringField
    needed = [DataRequired(missing)] if missing else []
    validators = [*needed, Length(max=most, message=too_long)]
    return kind(label, validators, filters=[lambda text: (text or "").strip()])


def link_field(label: Any, too_long: Any) -> Any:
    """An address on the web; the domain looks at it."""
    return text_field(label, MAX_LINK, too_long)


def forbidden_words(text: str) -> str:
    """What to say about a text with words that an advertisement must not have; empty without any."""
    words = "”“".join(dict.fromkeys(found.word for found in forbidden(text)))
    return str(_("《广告法》第九条不许用“%(words)s”这样的词，请换个说法。", words=words)) if words else ""
