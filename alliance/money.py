"""Money is an integer number of 分 (fen, 1/100 yuan). Rounding happens here and nowhere else."""

import re
import unicodedata
from decimal import Decimal

#: ¥10,000,000: above any single sale in the zone (a car included), far below what a column holds.
MAX_FEN = 1_000_000_000

#: A comma only ever groups thousands: "12,50" may be meant as a decimal, and is nobody's 1250.
_YUAN = re.compile(r"[+-]?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,2})?")


def divide(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded half up (四舍五入) to a whole 分; both non-negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def parse_yuan(text: str) -> int:
    """Read an amount in yuan as people type it (``1,234.50``, ``¥12``, full-width digits) as 分.

    Raises ValueError when it is not a plain decimal with at most two places.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = plain.removeprefix("¥").removesuffix("元").strip()
    if not _YUAN.fullmatch(plain):
        raise ValueError(f"not an amount in yuan: {text[:40]!r}")
    return int(Decimal(plain.replace(",", "")) * 100)


def format_yuan(fen: int) -> str:
    """``123450`` → ``¥1,234.50``; negative amounts carry the sign in front."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
