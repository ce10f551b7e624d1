"""The forms of signing in."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField, TelField
from wtforms.validators import DataRequired, Length, ValidationError

from alliance.accounts.passwords import MAX_LENGTH
from alliance.people.phones import parse_phone


class PhoneForm(FlaskForm):  # type: ignore[misc]
    """A phone number; once valid, ``e164`` is how the store knows it."""

    phone = TelField(_l("手机号"), [DataRequired(_l("请输入手机号。"))])
    e164 = ""

    def validate_phone(self, field: TelField) -> None:
        """The form of the number only: whether anybody has it is not for here."""
        try:
            self.e164 = parse_phone(field.data)
        except ValueError:
            raise ValidationError(_l("手机号不对，请输入 11 位手机号。")) from None


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
