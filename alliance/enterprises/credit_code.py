"""统一社会信用代码: eighteen characters, the last a check character (GB 32100-2015, §4.5 and annex A)."""

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(first_seventeen: str) -> str:
    """The 18th character for the first seventeen. Raises ValueError for a character outside the alphabet."""
    total = sum(
        weight * _ALPHABET.index(character)
        for weight, character in zip(_WEIGHTS, first_seventeen, strict=True)
    )
    return _ALPHABET[(31 - total % 31) % 31]


def is_credit_code(text: str) -> bool:
    """Whether ``text`` is a well-formed credit code with the right check character."""
    if len(text) != 18 or any(character not in _ALPHABET for character in text):
        return False
    return check_character(text[:17]) == text[17]
