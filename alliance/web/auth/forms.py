"""The forms of signing in."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from alliance.accounts.passwords import MAX_LENGTH
from alliance.web.fields import PhoneForm


class PasswordForm(PhoneForm):
    """Phone and password."""

    password = PasswordField(
        _l("密码"),
        [
            DataRequired(_l("请输入密码，或用验证码登录。")),
            Length(max=MAX_LENGTH, message=_l("密码太长，请核对后重新输入。")),
        ],
    )


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The six digits."""

    code = StringField(
        _l("验证码"),
        [
            DataRequired(_l("请输入验证码。")),
            Length(max=20, message=_l("验证码是 6 位数字，请重新输入。")),
        ],
    )
