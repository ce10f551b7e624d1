"""What a revision changes, in plain words."""

from dataclasses import dataclass

from flask_babel import gettext as _

from alliance.web.limit_words import limits_words
from alliance.web.offer_cards import OfferCard


@dataclass(frozen=True)
class Row:
    """One thing an offer says. ``before`` is what the last approved revision says, None without one."""

    label: str
    now: str
    before: str | None

    @property
    def is_changed(self) -> bool:
        """Whether the two differ."""
        return self.before is not None and self.before != self.now


def differences(card: OfferCard, before: OfferCard | None) -> list[Row]:
    """Every line of an offer, next to the last approved one's."""
    old = _lines(before) if before else {}
    return [Row(label, text, old.get(label)) for label, text in _lines(card).items()]


def _lines(card: OfferCard) -> dict[str, str]:
    evidence = card.showing.evidence
    return {
        _("优惠名称"): card.revision.title,
        _("优惠内容"): card.terms_words,
        _("适用人群"): card.audience_words or _("本人和家属"),
        _("有效期"): card.days_words,
        _("使用条件"): _("，").join(card.conditions_words) or _("没有其他条件"),
        _("次数限制"): limits_words(card.limits),
        _("适用门店"): card.outlets_words,
        _("市场价"): card.market_words or _("未填"),
        _("价格依据"): "　".join(filter(None, (evidence.basis, evidence.link))) or _("未填"),
    }
