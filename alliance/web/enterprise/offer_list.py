"""The console of the enterprise's offers: where each stands, what is left of it, when it ends; and as CSV."""

import csv
import io
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField

from alliance import clock
from alliance.imports.fields import guarded
from alliance.offers.states import State
from alliance.redemptions.uses import uses_of_offers
from alliance.web import plain
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.draft_lines import DraftLine, drafts_of
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine
from alliance.web.paging import cut_after

ROWS = 50


def _by_end(line: OfferLine) -> tuple[bool, date]:
    """What has ended is of no interest to somebody who asks what ends next."""
    is_over = line.counting.state in (State.ENDED, State.WITHDRAWN)
    return is_over, line.counting.card.revision.ends_on or date.max


#: How the list may be sorted: the words, and the key; without one it stays as it is, the newest first.
SORTS: Mapping[str, tuple[Any, Callable[[OfferLine], Any] | None]] = {
    "": (_l("新建的在前"), None),
    "end": (_l("快结束的在前"), _by_end),
    "left": (_l("剩得少的在前"), lambda line: line.counting.card.share_left),
    "title": (_l("按名称"), lambda line: line.counting.card.revision.title),
}


class OffersForm(FlaskForm):  # type: ignore[misc]
    """The filters; they stand in the URL, so they need no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    q = StringField(_l("名称或编号"), filters=[lambda text: (text or "").strip()])
    state = SelectField(_l("状态"), default="")
    sort = SelectField(
        _l("排序"), default="", choices=[SelectChoice(key, each[0]) for key, each in SORTS.items()]
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.state.choices = [
            SelectChoice("", _("全部状态")),
            *(SelectChoice(str(state), plain.state_words(state)) for state in State),
        ]

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set, for a link."""
        return {field.name: field.data for field in self if field.data}

    def pick(self, lines: Sequence[OfferLine]) -> list[OfferLine]:
        """Those that are asked for, in the order that is asked for."""
        found = [line for line in lines if self._fits(line)]
        key = SORTS[self.sort.data][1]
        return sorted(found, key=key) if key else found

    def pick_drafts(self, drafts: Sequence[DraftLine]) -> list[DraftLine]:
        """The drafts of new offers that are asked for; that of a revision stands beside its offer."""
        if self.state.data not in ("", State.DRAFT):
            return []
        return [each for each in drafts if each.draft.offer_id is None and self._names(each.title, each.code)]

    def _fits(self, line: OfferLine) -> bool:
        if self.state.data and State(self.state.data) not in line.states:
            return False
        titles = (line.newest.card.revision.title, line.counting.card.revision.title)
        return self._names(line.offer.code, *titles)

    def _names(self, *names: str) -> bool:
        return any(_folded(self.q.data or "") in _folded(name) for name in names)


@bp.get("/offers")
def list_offers(enterprise_id: int) -> ResponseReturnValue:
    """Every offer with where it stands, what is left, how often it was used and when it ends."""
    form = OffersForm(formdata=request.args)
    if not form.validate():
        return _form_again(enterprise_id, form)
    after = request.args.get("after")
    every, drafts = (
        lookups.offers_of(db.session, enterprise_id, _today()),
        drafts_of(db.session, enterprise_id),
    )
    lines, last = cut_after(form.pick(every), after, ROWS, lambda line: line.offer.id)
    return page(
        "enterprise/list_offers.html",
        enterprise_id,
        form=form,
        lines=lines,
        uses=uses_of_offers(db.session, enterprise_id, [line.offer.id for line in lines]),
        drafts=[] if after else form.pick_drafts(drafts),
        draft_of={each.draft.offer_id: each.draft for each in drafts},
        is_empty=not every and not drafts,
        more=form.asked | {"after": last} if last else None,
        today=_today(),
    )


@bp.get("/offers.csv")
def download_offers(enterprise_id: int) -> ResponseReturnValue:
    """What the filters leave of the list, all of it, as CSV."""
    form = OffersForm(formdata=request.args)
    if not form.validate():
        return _form_again(enterprise_id, form)
    lines = form.pick(lookups.offers_of(db.session, enterprise_id, _today()))
    uses = uses_of_offers(db.session, enterprise_id, [line.offer.id for line in lines])
    name = f"offers-{_today()}.csv"
    return Response(
        # Excel takes a file for UTF-8 only when it begins with this mark.
        "\ufeff" + _csv([_header(), *(_cells(line, uses[line.offer.id]) for line in lines)]),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form_again(enterprise_id: int, form: OffersForm) -> ResponseReturnValue:
    return page("enterprise/list_offers.html", enterprise_id, form=form, lines=[], drafts=[]), 422


def _header() -> tuple[str, ...]:
    return (
        _("优惠编号"),
        _("优惠名称"),
        _("优惠内容"),
        _("状态"),
        _("已用次数"),
        _("剩余"),
        _("开始日期"),
        _("结束日期"),
    )


def _cells(line: OfferLine, uses: int) -> tuple[str, ...]:
    card = line.counting.card
    days = (card.revision.starts_on, card.revision.ends_on)
    words = (line.offer.code, card.revision.title, card.terms_words, line.newest.state_words)
    left = "；".join(card.left_words) or _("不限")
    return (*map(guarded, words), str(uses), left, *(day.isoformat() if day else "" for day in days))


def _csv(rows: Sequence[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _today() -> date:
    return clock.business_date(clock.now())
