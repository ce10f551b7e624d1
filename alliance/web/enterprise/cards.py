"""会员卡 on paper: one, a sheet of many, revoked, printed again. Each is shown in full only in the answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.passes import cards
from alliance.passes.cards import HasCard, Printout
from alliance.people.models import Employment
from alliance.refused import Refused
from alliance.web.enterprise import bp
from alliance.web.enterprise import people_lines as people
from alliance.web.enterprise.people import PERSON, employment_of
from alliance.web.extensions import db
from alliance.web.fields import posted_card_id, posted_ids

#: Cards in one print: ten sheets of A4, and a second of the store's time.
MOST = 100


@dataclass
class Printed:
    """What came of printing for several people: their cards, and who got none, for which reason."""

    printouts: list[Printout] = field(default_factory=list)
    have_one: int = 0
    refused: int = 0


@bp.post(PERSON + "/card")
def print_card(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """One card, on a page to be printed; with ``anew`` the card before is dead with this."""
    employment, is_employed = employment_of(enterprise_id, employment_id)
    back = url_for(".show_person", enterprise_id=enterprise_id, employment_id=employment_id)
    made = _print([employment] if is_employed else [], anew="anew" in request.form)
    db.session.commit()
    if not made.printouts:
        flash(_nothing_printed(made) or _("没有打印：本人已离职。"), "warning")
        return redirect(back, 303)
    return render_template("cards.html", printouts=made.printouts, back=back, is_sheet=False, notes=[])


@bp.post("/people/cards")
def print_cards(enterprise_id: int) -> ResponseReturnValue:
    """A sheet: for those who were chosen, or for ``all`` who have no card that is good."""
    at, back = clock.now(), url_for(".list_people", enterprise_id=enterprise_id)
    is_all = "all" in request.form
    found = people.without_card(db.session, enterprise_id, at, MOST + 1) if is_all else _chosen(enterprise_id)
    made = _print(found[:MOST], anew="anew" in request.form and not is_all)
    db.session.commit()
    if not made.printouts:
        nobody = _("在职的人都已有会员卡。") if is_all else _("请先勾选要打印的人。")
        flash(_nothing_printed(made) or nobody, "warning")
        return redirect(back, 303)
    notes = list(_notes(made, more=len(found) > MOST))
    return render_template("cards.html", printouts=made.printouts, back=back, is_sheet=True, notes=notes)


@bp.post(PERSON + "/card/revoke")
def revoke_card(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """A lost card is dead at once."""
    employment, _is_employed = employment_of(enterprise_id, employment_id)
    card = people.card_or_404(db.session, employment, posted_card_id())
    cards.revoke_card(db.session, card, cards.BY_EMPLOYER, g.actor, clock.now())
    db.session.commit()
    flash(_("会员卡已作废，马上不能再用。"))
    return redirect(url_for(".show_person", enterprise_id=enterprise_id, employment_id=employment_id), 303)


def _chosen(enterprise_id: int) -> list[Employment]:
    """Those ticked who are employed here today."""
    today = clock.business_date(clock.now())
    return people.employed_among(db.session, enterprise_id, today, posted_ids("employment_id"))


def _print(found: list[Employment], *, anew: bool) -> Printed:
    made, keyring, at = Printed(), current_app.extensions["keyring"], clock.now()
    for employment in found:
        who = (db.session, keyring, employment.holder_id, g.actor, at)
        try:
            made.printouts.append(cards.print_card(*who, anew=anew, employer_id=employment.enterprise_id))
        except HasCard:
            made.have_one += 1
        except Refused:
            made.refused += 1
    return made


def _nothing_printed(made: Printed) -> str | None:
    """Why not; None when there was nobody to print for."""
    if made.refused:
        return str(_("没有打印：会员码已停用，或企业还没有划入片区，请联系主办方。"))
    if made.have_one:
        return str(_("没有打印：已有一张有效的会员卡。卡丢了或坏了请用“补打”，旧卡会作废。"))
    return None


def _notes(made: Printed, *, more: bool) -> Iterator[str]:
    if made.have_one:
        yield _("有 %(count)s 人已有会员卡，没有再打。", count=made.have_one)
    if made.refused:
        yield _("有 %(count)s 人的会员码已停用，没有打印。", count=made.refused)
    if more:
        yield _("一次最多打 %(most)s 张，其余的请打印完再来一次。", most=MOST)
