"""Phone numbers as people write them, kept as E.164 and shown masked."""

import re
import unicodedata

import phonenumbers


def parse_phone(text: str) -> str:
    """Read a mobile number (spaces, dashes, +86, full-width digits allowed) as E.164.

    Raises ValueError for anything else, a number that a spreadsheet has rounded (``1.38E+10``) included.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\+?[\d\s\-()]{8,24}", plain):
        raise ValueError("not a phone number")
    try:
        number = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number") from error
    kind = phonenumbers.number_type(number)
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_valid_number(number) or kind not in mobile:
        raise ValueError("not a valid mobile number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(phone: str) -> str:
    """``+8613812345678`` → ``138****5678``."""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}"


def mask_name(name: str) -> str:
    """``张小明`` → ``张**``: what a cashier may see of a holder's name; of no name, nothing."""
    return name and name[:1] + "*" * max(1, min(len(name) - 1, 2))
