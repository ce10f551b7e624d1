"""The part of an offer's form that says who may use it, when, and beside what."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectChoice, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from alliance.offers.conditions import MOST_NAMED, MOST_PEOPLE, Conditions, Party
from alliance.web.condition_words import WEEKDAYS, Names
from alliance.web.fields import CountField, HoursField, NamesField, SpansField

#: Finds enterprises by their names or codes: the id of each that there is.
FindEmployers = Callable[[Sequence[str]], Mapping[str, int]]

PARTIES = {
    "": _l("不限定"),
    Party.HOLDER: _l("仅限持码人本人"),
    Party.PEOPLE: _l("同行的人也可以，最多"),
    Party.TABLE: _l("整桌都可用"),
}


class ConditionsForm(FlaskForm):  # type: ignore[misc]
    """The fields of conditions; employers are written by name or code, and looked up."""

    # The conditions have the names they have in ``offers.conditions``.
    weekdays = SelectMultipleField(
        _l("星期"),
        choices=[SelectChoice(str(number), day) for number, day in enumerate(WEEKDAYS, 1)],
        validate_choice=False,
        option_widget=CheckboxInput(),
    )
    hours = HoursField(_l("时段"))
    blackouts = SpansField(_l("不可用日期"))
    zones = SelectMultipleField(_l("片区"), validate_choice=False, option_widget=CheckboxInput())
    employers = NamesField(_l("可用单位"))
    not_employers = NamesField(_l("不可用单位"))
    party = RadioField(
        _l("同行人数"),
        choices=[SelectChoice(str(party), label) for party, label in PARTIES.items()],
        validate_choice=False,
        default="",
    )
    people = CountField(_l("连本人最多几人"), most=MOST_PEOPLE)
    exclusive = BooleanField(_l("不与其他优惠同享（一次扫码只能用这一个）"))

    def __init__(self, zones: Mapping[int, str], find_employers: FindEmployers, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zones.choices = [SelectChoice(str(id_), name) for id_, name in zones.items()]
        self._find_employers = find_employers

    def validate_weekdays(self, field: Field) -> None:
        """Called by WTForms, and so are those that follow."""
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(_("请重新勾选星期几。"))

    def validate_zones(self, field: Field) -> None:
        """Of those that were offered."""
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(_("选了不存在的片区，请重新勾选。"))

    def validate_employers(self, field: Field) -> None:
        """Each has to be a member enterprise."""
        self._check_named(field)

    def validate_not_employers(self, field: Field) -> None:
        """The same."""
        self._check_named(field)

    def validate_party(self, field: Field) -> None:
        """A number goes with so many people, and with nothing else."""
        if field.data not in set(map(str, PARTIES)):
            raise ValidationError(_("请选择同行人数。"))
        if field.data == Party.PEOPLE and (self.people.data or 0) < 2 and not self.people.errors:
            raise ValidationError(_("请填写连本人最多几人，至少 2 人。"))

    def _check_named(self, field: Field) -> None:
        if len(field.data or ()) > MOST_NAMED:
            raise ValidationError(_("最多写 %(most)s 家单位。", most=MOST_NAMED))
        found = self._find_employers(field.data or ())
        unknown = [name for name in field.data or () if name not in found]
        if unknown:
            names = _("、").join(unknown[:3])
            raise ValidationError(_("找不到这些单位：%(names)s。请写全称或统一社会信用代码。", names=names))

    @property
    def condition_fields(self) -> list[Field]:
        """The fields of the conditions; the page folds them away while there is nothing in them."""
        return [self[name] for name in Conditions.model_fields]

    @property
    def has_conditions(self) -> bool:
        """Whether there is something to see in them."""
        return any(field.errors or field.data for field in self.condition_fields)

    def conditions(self) -> Conditions:
        """What valid fields say."""
        party = Party(self.party.data) if self.party.data else None
        employers, kept_out = (
            tuple(self._find_employers(field.data or ()).values())
            for field in (self.employers, self.not_employers)
        )
        return Conditions(
            weekdays=_weekdays(self.weekdays.data or ()),
            hours=self.hours.data or (),
            blackouts=self.blackouts.data or (),
            zones=tuple(map(int, self.zones.data or ())),
            employers=employers,
            not_employers=kept_out,
            party=party,
            people=self.people.data if party is Party.PEOPLE else None,
            exclusive=self.exclusive.data,
        )


def _weekdays(ticked: Sequence[str]) -> tuple[int, ...]:
    """All seven are no condition."""
    days = tuple(sorted(set(map(int, ticked))))
    return days if len(days) < 7 else ()


def conditions_as_submitted(conditions: Conditions, names: Names) -> dict[str, Any]:
    """Conditions as the form's values, to start the next revision from."""
    return {
        **{name: getattr(conditions, name) for name in ("hours", "blackouts", "people", "exclusive")},
        "weekdays": list(map(str, conditions.weekdays)),
        "zones": list(map(str, conditions.zones)),
        "employers": [names.enterprises[id_] for id_ in conditions.employers],
        "not_employers": [names.enterprises[id_] for id_ in conditions.not_employers],
        "party": str(conditions.party or ""),
    }
