"""What an offer grants, as Chinese merchants write it: 8.5折, 满100减20, 每满100减20, 立减5元, 买2赠1."""

import re
from collections.abc import Callable, Sequence

from alliance.imports.fields import Unfit, count_up_to, fold, gift_name, permille, positive_yuan, trim, yuan
from alliance.imports.words import Problem
from alliance.offers.pricing import (
    MOST_PIECES,
    AlliancePrice,
    AmountOff,
    BuyGet,
    Discount,
    Gift,
    Service,
    Terms,
    Threshold,
    Ticket,
)

_YUAN = r"¥?([\d.,]+)元?"
_NUMERALS = {
    "一": "1",
    "二": "2",
    "两": "2",
    "三": "3",
    "四": "4",
    "五": "5",
    "六": "6",
    "七": "7",
    "八": "8",
    "九": "9",
}
_SPOKEN = re.compile("[一二两三四五六七八九]")


def terms_of(text: str) -> Terms:
    """The terms that a phrase says. Raises Unfit(offer_phrase, or what is wrong with a number in it)."""
    plain = _plain(text)
    for pattern, make in _PHRASES:
        if found := re.fullmatch(pattern, plain):
            return make(found.groups())
    raise Unfit(Problem.OFFER_PHRASE)


def is_phrase(text: str) -> bool:
    """Whether a text says terms, rightly or wrongly, and does not just name a kind."""
    return any(re.fullmatch(pattern, _plain(text)) for pattern, _ in _PHRASES)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", fold(trim(text)))


def _discount(parts: Sequence[str]) -> Terms:
    # 八五折: every numeral is a digit.
    digits = _SPOKEN.sub(lambda found: _NUMERALS[found[0]], parts[0])
    return Discount(pay_permille=permille(f"{digits}折"))


def _buy_get(parts: Sequence[str]) -> Terms:
    buy, free = (count_up_to(MOST_PIECES)(_NUMERALS.get(part, part)) for part in parts)
    return BuyGet(buy=buy, free=free)


def _threshold(parts: Sequence[str]) -> Terms:
    each, threshold, off = parts
    return Threshold(threshold_fen=positive_yuan(threshold), off_fen=positive_yuan(off), repeat=bool(each))


def _gift(parts: Sequence[str]) -> Terms:
    threshold, name = parts
    return Gift(gift=gift_name(name), threshold_fen=yuan(threshold) if threshold else 0)


#: Tried in this order: a pattern, and what its groups are.
_PHRASES: Sequence[tuple[str, Callable[[Sequence[str]], Terms]]] = (
    (r"(?:全场|打)*(\d[\d.]*|[一二三四五六七八九]{1,2})折", _discount),
    (rf"(每)?(?:消费)?满{_YUAN}(?:立减|减免|减){_YUAN}", _threshold),
    (rf"(?:立减|直减|减免|减){_YUAN}", lambda parts: AmountOff(off_fen=positive_yuan(parts[0]))),
    (
        rf"(?:联盟价|成本价|会员价){_YUAN}(?:/份|每份|/件|每件)?",
        lambda parts: AlliancePrice(unit_price_fen=yuan(parts[0])),
    ),
    (r"买(\d+|[一二两三四五六七八九])[赠送](\d+|[一二两三四五六七八九])", _buy_get),
    (
        rf"(?:专属)?门票(?:价|联盟价)?{_YUAN}[(,]?(?:原价|票面价?){_YUAN}\)?",
        lambda parts: Ticket(ticket_price_fen=yuan(parts[0]), face_price_fen=positive_yuan(parts[1])),
    ),
    (rf"(?:消费)?满{_YUAN}[赠送](.+)", _gift),
    (r"消费即([赠送])(.+)", lambda parts: _gift(("", parts[1]))),
    (r"免费服务", lambda _: Service()),
)
