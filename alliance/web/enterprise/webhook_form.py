"""The form of a webhook's endpoint."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, URLInput

from alliance.web.event_words import EVENTS
from alliance.webhooks.addresses import Reach, UrlInvalid, check_url
from alliance.webhooks.endpoints import SUBSCRIBABLE
from alliance.webhooks.models import EventType

PROBLEMS = {
    "missing": _l("请填写接收地址。"),
    "too_long": _l("地址太长，最多 500 个字符。"),
    "not_a_url": _l("这不是完整的网址，请写成 https://pos.example.com/hook 的样子。"),
    "scheme": _l("地址要以 https:// 开头，通知必须加密传送。"),
    "userinfo": _l("地址里不能带用户名和密码，收到后请用签名核对来源。"),
    "fragment": _l("地址里不能有“#”，请去掉它和后面的部分。"),
    "host": _l("主机名不对，请填写域名，如 pos.example.com。"),
    "port": _l("端口只能是 443，请去掉地址里的端口号。"),
    "private": _l("这是内网或本机地址，通知只发往公网，请填写公网上的域名。"),
}
TOO_MANY = _l("在用的接收地址已有 10 个，请先停用一个不再需要的。")


class WebhookForm(FlaskForm):  # type: ignore[misc]
    """An endpoint; ``url.data`` of a valid form is as it is stored."""

    url = StringField(_l("接收地址"), widget=URLInput(), filters=[lambda text: (text or "").strip()])
    description = StringField(
        _l("用途"),
        [DataRequired(_l("请填写用途。")), Length(max=60, message=_l("用途最多 60 个字。"))],
        filters=[lambda text: (text or "").strip()],
    )
    events = SelectMultipleField(
        _l("通知哪些事"),
        [DataRequired(_l("请至少勾选一项。"))],
        choices=[SelectChoice(str(type_), EVENTS[type_]) for type_ in SUBSCRIBABLE],
        default=[str(type_) for type_ in SUBSCRIBABLE],
        validate_choice=False,
        option_widget=CheckboxInput(),
    )

    def __init__(self, reach: Reach, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._reach = reach

    def validate_url(self, field: Field) -> None:
        """Called by WTForms."""
        try:
            field.data = check_url(field.data, self._reach)
        except UrlInvalid as invalid:
            raise ValidationError(PROBLEMS[invalid.problem]) from None

    def validate_events(self, field: Field) -> None:
        """Called by WTForms."""
        if not set(field.data or ()) <= set(SUBSCRIBABLE):
            raise ValidationError(_l("请至少勾选一项。"))

    def types(self) -> list[EventType]:
        """What a valid form asks for."""
        return [EventType(type_) for type_ in self.events.data]
