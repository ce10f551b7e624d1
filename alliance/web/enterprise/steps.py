"""The steps in which an offer is written, and what belongs to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from alliance.offers.conditions import Conditions
from alliance.offers.limits import Limits
from alliance.web.enterprise.forms import FIELDS_OF_KIND, OfferForm


@dataclass(frozen=True)
class Step:
    """What a step is called, and the names of the form's fields in it."""

    label: Any
    fields: frozenset[str] = frozenset()


_OF_KINDS = {name for names in FIELDS_OF_KIND.values() for name in names}
#: In their order. What no other step has is said in the last.
STEPS: Mapping[str, Step] = {
    "terms": Step(_l("优惠内容"), frozenset({"kind", "title", "code"} | _OF_KINDS)),
    "conditions": Step(
        _l("条件"), frozenset({"audience", "starts_on", "ends_on", "outlets", *Conditions.model_fields})
    ),
    "limits": Step(_l("限量"), frozenset(Limits.model_fields)),
    "evidence": Step(_l("图片与依据"), frozenset({"picture", "market_price", "basis", "link", "photos"})),
    "confirm": Step(_l("确认")),
}
#: By kind: what such an offer is, in the words of a shop window.
EXAMPLES = {
    "discount": _l("如：8.5折"),
    "amount_off": _l("如：立减5元"),
    "threshold": _l("如：满100减20"),
    "alliance_price": _l("如：联盟价3.50元"),
    "buy_get": _l("如：买2赠1"),
    "gift": _l("如：满200赠毛巾"),
    "ticket": _l("如：门票99元"),
    "service": _l("如：免费洗车一次"),
}


def step_of(field: str) -> str:
    """The step in which a field is."""
    return next((name for name, step in STEPS.items() if field in step.fields), "confirm")


def wrong_steps(form: OfferForm) -> list[str]:
    """The steps in which something is to be corrected, in their order."""
    wrong = {step_of(name) for name in form.errors}
    return [name for name in STEPS if name in wrong]


def problems(form: OfferForm) -> list[tuple[str, str, str]]:
    """What is to be corrected, step by step: the step, the field's label, and what to do."""
    found = [(step_of(field.name), field.label.text, str(field.errors[0])) for field in form if field.errors]
    return sorted(found, key=lambda each: list(STEPS).index(each[0]))
