"""The forms of the enterprise's office: an offer, a token, and the filters of a list."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import AnyOf, DataRequired, Length, Regexp, ValidationError
from wtforms.widgets import CheckboxInput

from alliance.enterprises.models import Outlet
from alliance.offers.conditions import read_conditions
from alliance.offers.evidence import BARE, MAX_BASIS, MOST_PHOTOS, Evidence, Showing
from alliance.offers.life import Draft, OfferInvalid
from alliance.offers.limits import MOST_BUDGET_FEN, MOST_MINUTES, MOST_USES, Limits
from alliance.offers.models import Audience, OfferRevision
from alliance.offers.pricing import GIFT_LENGTH, MOST_PIECES, Terms, read_terms
from alliance.web.condition_words import Names
from alliance.web.enterprise.condition_fields import ConditionsForm, FindEmployers, conditions_as_submitted
from alliance.web.fields import (
    CountField,
    DayField,
    IdField,
    YuanField,
    ZheField,
)
from alliance.web.picture_fields import PictureIdsField, forbidden_words, link_field, text_field

#: Short enough that no code can look like an offer's id, by which counters name it too.
CODE_LENGTH = 20

KINDS = {
    "discount": _l("折扣"),
    "amount_off": _l("立减"),
    "threshold": _l("满减"),
    "alliance_price": _l("联盟价/成本价"),
    "buy_get": _l("买赠"),
    "gift": _l("赠品"),
    "ticket": _l("专属门票"),
    "service": _l("服务权益"),
}
#: The fields that belong to one kind, and the terms that they hold; what the others hold does not matter.
FIELDS_OF_KIND: Mapping[str, Mapping[str, str]] = {
    "discount": {"zhe": "pay_permille"},
    "amount_off": {"off_once": "off_fen"},
    "threshold": {"threshold": "threshold_fen", "off": "off_fen", "repeat": "repeat"},
    "alliance_price": {"unit_price": "unit_price_fen"},
    "buy_get": {"buy": "buy", "free": "free"},
    "gift": {"gift": "gift", "gift_from": "threshold_fen"},
    "ticket": {"face_price": "face_price_fen", "ticket_price": "ticket_price_fen"},
    "service": {},
}
AUDIENCES = {
    Audience.EVERYONE: _l("本人和家属"),
    Audience.EMPLOYEE: _l("仅限员工本人"),
    Audience.DEPENDANT: _l("仅限家属"),
}
#: What is wrong with a draft, by the domain's field and problem: our field, and the words.
PROBLEMS = {
    ("code", "reserved"): ("code", _l("这个编号是系统保留的，请换一个。")),
    ("title", "missing"): ("title", _l("请填写优惠名称。")),
    ("ends_on", "before_start"): ("ends_on", _l("结束日期早于开始日期，请修改其中一个。")),
    ("ends_on", "past"): ("ends_on", _l("结束日期已经过去，请改为今天或以后。")),
    ("market_price_fen", "without_basis"): (
        "market_price",
        _l("填了市场价就要有依据，请在下面写明依据、贴上链接或传照片。"),
    ),
    ("market_price_fen", "below_price"): ("market_price", _l("联盟价比市场价还高，请核对两个价格。")),
    ("title", "compared_without_basis"): (
        "title",
        _l("名称里拿别的价格作比较，请在“最优惠的依据”里写明依据，或者改掉名称。"),
    ),
    ("link", "not_a_link"): ("link", _l("链接不对，请粘贴以 http:// 或 https:// 开头的完整网址。")),
    ("picture", "not_there"): ("picture", _l("图片没有上传成功，请重新选择。")),
    ("off_fen", "above_threshold"): ("off", _l("减的金额比满的金额还大，请核对。")),
    ("ticket_price_fen", "above_face"): ("ticket_price", _l("联盟门票价比票面价还高，请核对。")),
    ("weekdays", "never"): ("weekdays", _l("有效期里没有这样的星期几，这个优惠一天也用不了，请修改。")),
    ("blackouts", "never"): ("blackouts", _l("有效期里的日子都不可用，这个优惠一天也用不了，请修改。")),
    ("not_employers", "in_and_out"): (
        "not_employers",
        _l("同一个单位既写在可用里又写在不可用里，请去掉一处。"),
    ),
    **{
        (limit, "below_used"): (limit, _l("已经用掉的比这个数多，请改大一些；不想再给的，请撤回这个优惠。"))
        for limit in ("total", "units", "budget_fen")
    },
}


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").strip()


class OfferForm(ConditionsForm):
    """A new offer, or (without ``code``) a new revision of one."""

    title = StringField(
        _l("优惠名称"),
        [DataRequired(_l("请填写优惠名称。")), Length(max=60, message=_l("优惠名称最多 60 个字。"))],
        filters=[lambda text: (text or "").strip()],
    )
    code = StringField(
        _l("优惠编号"),
        [
            DataRequired(_l("请填写优惠编号。")),
            Length(max=CODE_LENGTH, message=_l("优惠编号最多 20 个字。")),
            Regexp(r"[\w.\-]*\Z", message=_l("优惠编号只能用文字、数字、“-”和“.”。")),
        ],
        filters=[_tidy],
    )
    kind = RadioField(
        _l("优惠方式"),
        [AnyOf(list(KINDS), message=_l("请选择优惠方式。"))],
        choices=[SelectChoice(kind, label) for kind, label in KINDS.items()],
        validate_choice=False,
        default="discount",
    )
    zhe = ZheField(_l("折扣"), missing=_l("请填写折扣。"))
    threshold = YuanField(_l("满"), missing=_l("请填写满多少元。"))
    off = YuanField(_l("减"), missing=_l("请填写减多少元。"))
    unit_price = YuanField(_l("联盟价"), or_nothing=True, missing=_l("请填写联盟价。"))
    off_once = YuanField(_l("立减"), missing=_l("请填写减多少元。"))
    repeat = BooleanField(_l("每满都减（满两倍减两次）"))
    buy = CountField(_l("买"), most=MOST_PIECES, missing=_l("请填写买几件。"))
    free = CountField(_l("赠"), most=MOST_PIECES, missing=_l("请填写赠几件。"))
    gift = StringField(
        _l("赠品名称"),
        [
            DataRequired(_l("请填写赠品名称。")),
            Length(max=GIFT_LENGTH, message=_l("赠品名称最多 30 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )
    gift_from = YuanField(_l("消费满"), or_nothing=True)
    face_price = YuanField(_l("票面价"), missing=_l("请填写票面价。"))
    ticket_price = YuanField(_l("联盟门票价"), or_nothing=True, missing=_l("请填写联盟门票价。"))
    audience = RadioField(
        _l("适用人群"),
        [AnyOf(list(AUDIENCES), message=_l("请选择适用人群。"))],
        choices=[SelectChoice(str(audience), label) for audience, label in AUDIENCES.items()],
        validate_choice=False,
        default=str(Audience.EVERYONE),
    )
    starts_on = DayField(_l("开始日期"))
    ends_on = DayField(_l("结束日期"))
    # The limits have the names they have in ``offers.limits``.
    total = CountField(_l("总次数"), most=MOST_USES)
    units = CountField(_l("总份数"), most=MOST_USES)
    budget_fen = YuanField(_l("让利预算"), most=MOST_BUDGET_FEN)
    outlet_day = CountField(_l("每店每天"), most=MOST_USES)
    holder_day = CountField(_l("每人每天"), most=MOST_USES)
    holder_week = CountField(_l("每人每周"), most=MOST_USES)
    holder_month = CountField(_l("每人每月"), most=MOST_USES)
    holder_ever = CountField(_l("每人累计"), most=MOST_USES)
    household_day = CountField(_l("每户每天"), most=MOST_USES)
    household_week = CountField(_l("每户每周"), most=MOST_USES)
    household_month = CountField(_l("每户每月"), most=MOST_USES)
    household_ever = CountField(_l("每户累计"), most=MOST_USES)
    cool_down_minutes = CountField(_l("两次间隔"), most=MOST_MINUTES)
    picture = PictureIdsField(_l("图片"), most=1)
    market_price = YuanField(_l("市场价"))
    basis = text_field(_l("依据"), MAX_BASIS, _l("依据最多 300 个字。"), lines=True)
    link = link_field(_l("链接"), _l("链接最多 500 个字。"))
    photos = PictureIdsField(_l("照片"), most=MOST_PHOTOS)
    outlets = SelectMultipleField(
        _l("适用门店"),
        validate_choice=False,
        option_widget=CheckboxInput(),
    )

    def __init__(
        self,
        outlets: Sequence[Outlet],
        zones: Mapping[int, str],
        find_employers: FindEmployers,
        taken_codes: Collection[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """``taken_codes`` are those a new offer cannot have; without them the offer has its code already."""
        super().__init__(zones, find_employers, **kwargs)
        self.outlets.choices = [SelectChoice(str(outlet.id), outlet.name) for outlet in outlets]
        self._taken_codes = taken_codes or ()
        if taken_codes is None:
            del self.code

    def validate(self, extra_validators: Any = None) -> bool:
        """What the other kinds' fields hold is no mistake."""
        super().validate(extra_validators)
        for kind, names in FIELDS_OF_KIND.items():
            if kind != self.kind.data:
                for name in names:
                    self[name].errors = []
        return not self.errors

    def validate_code(self, field: Field) -> None:
        """Called by WTForms."""
        if field.data in self._taken_codes:
            raise ValidationError(_("这个编号已经用过，请换一个。"))

    def validate_title(self, field: Field) -> None:
        """Called by WTForms."""
        if words := forbidden_words(field.data):
            raise ValidationError(words)

    def validate_outlets(self, field: Field) -> None:
        """Called by WTForms."""
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(_("选了不属于本企业的门店，请重新勾选。"))

    @property
    def limit_fields(self) -> list[Field]:
        """The fields of the limits."""
        return [self[name] for name in Limits.model_fields]

    def draft(self, code: str | None = None) -> Draft:
        """What a valid form says; ``code`` is that of the offer to be revised."""
        return Draft(
            code=code or self.code.data,
            title=self.title.data,
            terms=self.terms(),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            limits=Limits(**{field.name: field.data for field in self.limit_fields}),
            conditions=self.conditions(),
            audience=Audience(self.audience.data),
            outlet_ids=[UUID(id_) for id_ in dict.fromkeys(self.outlets.data or ())],
            showing=self._showing(),
        )

    def take(self, invalid: OfferInvalid) -> None:
        """Show at its field what the domain found."""
        if invalid.field == "exclusive":
            other = _(
                "与“%(title)s”的日期和门店重叠，两个都写明不同享，请改日期、门店或去掉这一项。",
                title=invalid.than,
            )
            self.exclusive.errors = [other]
            return
        if invalid.than:
            labels = {"this": self[invalid.field].label.text, "other": self[invalid.than].label.text}
            self[invalid.field].errors = [_("“%(this)s”比“%(other)s”还大，请核对。", **labels)]
            return
        name, words = PROBLEMS[invalid.field, invalid.problem]
        self[name].errors = [words]

    @property
    def has_evidence(self) -> bool:
        """Whether there is something to see in the evidence's fields."""
        shown = (self.market_price, self.basis, self.link, self.photos)
        return any(field.errors or field.data for field in shown)

    def _showing(self) -> Showing:
        evidence = Evidence(self.market_price.data, self.basis.data, self.link.data, tuple(self.photos.ids))
        return Showing(self.picture.first, evidence)

    def terms(self) -> Terms:
        """What valid fields of the chosen kind say."""
        fields = FIELDS_OF_KIND[self.kind.data]
        given = {term: self[name].data for name, term in fields.items()}
        return read_terms({"kind": self.kind.data} | {k: v for k, v in given.items() if v is not None})


def as_submitted(
    revision: OfferRevision, outlet_ids: Sequence[UUID], names: Names, showing: Showing = BARE
) -> dict[str, Any]:
    """A revision as the form's values, to start the next one from."""
    terms = read_terms(revision.terms)
    fields, evidence = FIELDS_OF_KIND[terms.kind], showing.evidence
    return {
        **{name: getattr(revision, name) for name in ("title", "audience", "starts_on", "ends_on")},
        **revision.limits,
        **{name: getattr(terms, term) for name, term in fields.items()},
        **conditions_as_submitted(read_conditions(revision.conditions), names),
        "kind": terms.kind,
        "outlets": [str(id_) for id_ in outlet_ids],
        "market_price": evidence.market_price_fen,
        "basis": evidence.basis,
        "link": evidence.link,
        "photos": evidence.photo_ids,
        "picture": [showing.picture_id] if showing.picture_id else [],
    }


def choices_of(outlets: Sequence[Outlet]) -> list[SelectChoice]:
    """One of these outlets is to be chosen."""
    return [SelectChoice(str(outlet.id), outlet.name) for outlet in outlets]


class OutletChoice:
    """What forms with a field ``outlet`` share: its choices, and the outlet that was chosen."""

    outlet: Any

    def offer(self, outlets: Sequence[Outlet], all_of_them: str) -> None:
        """Let one of ``outlets`` be chosen, or all."""
        self.outlet.choices = [SelectChoice("", all_of_them), *choices_of(outlets)]

    @property
    def outlet_id(self) -> UUID | None:
        """None: all of them."""
        return UUID(self.outlet.data) if self.outlet.data else None


class TokenForm(OutletChoice, FlaskForm):  # type: ignore[misc]
    """A new token, under the id that the page has minted."""

    id = IdField(missing=_l("页面已失效，请刷新后重试。"), label="")
    name = StringField(
        _l("用途"),
        [
            DataRequired(_l("请写明给谁用，如“一号收银机”。")),
            Length(max=60, message=_l("用途最多 60 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )
    outlet = SelectField(_l("门店"))

    def __init__(self, outlets: Sequence[Outlet], **kwargs: Any) -> None:
        # One outlet unless somebody means more.
        first = str(outlets[0].id) if outlets else ""
        super().__init__(**{"outlet": first} | kwargs)
        self.offer(outlets, _("全部门店（请求里要写明门店）"))


class RefusalsForm(OutletChoice, FlaskForm):  # type: ignore[misc]
    """The filters of the refused attempts; they stand in the URL, so they need no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    outlet = SelectField(_l("门店"), default="")
    day = DayField(_l("日期"))

    def __init__(self, outlets: Sequence[Outlet], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offer(outlets, _("全部门店"))
