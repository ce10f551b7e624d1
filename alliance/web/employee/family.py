"""家属: the employee's family, who joins it and who leaves it; and for them, whose family they are of."""

from uuid import UUID

from flask import abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import AnyOf, Length, ValidationError

from alliance import clock
from alliance.passes import household
from alliance.people.models import Holder, HolderKind, Invitation
from alliance.web.employee import bp
from alliance.web.employee.cards import labels
from alliance.web.employee.standing import employer_of
from alliance.web.extensions import db
from alliance.web.fields import posted_id, tidy_name

#: The link that was just made, in the browser's session until it has been shown.
LINK = "invitation"
YOUNG, NAMED = "young", "named"
#: Why nobody can be added or invited.
TURNED_DOWN = (household.HouseholdFull, household.NotEmployed, household.TooManyChanges)


class CardForm(FlaskForm):  # type: ignore[misc]
    """A child or an elder, whose card is on this phone."""

    who = RadioField(
        _l("是谁"),
        [AnyOf([YOUNG, NAMED], message=_l("请选择是谁。"))],
        choices=[
            SelectChoice(NAMED, _l("老人，或满 14 岁的孩子")),
            SelectChoice(YOUNG, _l("不满 14 岁的孩子")),
        ],
        default=NAMED,
        validate_choice=False,
    )
    name = StringField(
        _l("姓名"),
        [Length(max=60, message=_l("姓名最多 60 个字。"))],
        filters=[tidy_name],
    )

    def validate_name(self, field: StringField) -> None:
        """Of a child under 14 no name is wanted."""
        if self.who.data == NAMED and not field.data:
            raise ValidationError(_("请填写姓名。"))

    @property
    def kept_name(self) -> str:
        """What is kept: nothing of a child under 14, whatever was typed."""
        return self.name.data if self.who.data == NAMED else ""


@bp.get("/family")
def show_family() -> ResponseReturnValue:
    """An employee's family; for one of them, the employee."""
    return _page(CardForm())


@bp.post("/family/cards")
def add_dependant() -> ResponseReturnValue:
    """A card for a child or an elder."""
    employee, form = _employee(), CardForm()
    if not form.validate():
        return _page(form), 422
    try:
        household.add_dependant(db.session, employee, form.kept_name, _most(), g.actor, clock.now())
    except TURNED_DOWN as no:
        return _turned_down(no)
    db.session.commit()
    flash(_("已添加，会员码在您的会员码页面上，左右滑动即可出示。"), "success")
    return redirect(url_for(".show_family"), 303)


@bp.post("/family/invitations")
def invite_adult() -> ResponseReturnValue:
    """A link for an adult with a phone of their own; shown once, on the next page."""
    try:
        token = household.invite(db.session, _employee(), _most(), g.actor, clock.now())
    except TURNED_DOWN as no:
        return _turned_down(no)
    db.session.commit()
    session[LINK] = token
    return redirect(url_for(".show_family"), 303)


@bp.post("/family/invitations/withdraw")
def withdraw_invitation() -> ResponseReturnValue:
    """A link leads nowhere any more."""
    try:
        asked = UUID(request.form.get("invitation_id", ""))
    except ValueError:
        abort(422)
    # Locked: somebody may be following the link.
    invitation = db.session.get(Invitation, asked, with_for_update=True)
    if invitation is None or invitation.sponsor_id != _employee().id:
        abort(404)
    household.withdraw(db.session, invitation, g.actor, clock.now())
    db.session.commit()
    if invitation.accepted_by_id is not None:
        flash(_("撤回不了：已有人用这个链接领取了会员码。不是您的家人，请在列表中移除。"), "warning")
    else:
        flash(_("邀请已撤回，链接不能再用。"), "success")
    return redirect(url_for(".show_family"), 303)


@bp.post("/family/remove")
def remove_dependant() -> ResponseReturnValue:
    """One of the family has no pass any more."""
    dependant = household.dependant_of(db.session, _employee().id, posted_id("holder_id"))
    if dependant is None:
        abort(404)
    household.remove_dependant(db.session, dependant, g.actor, clock.now())
    db.session.commit()
    flash(_("已移除，会员码即刻失效。"), "success")
    return redirect(url_for(".show_family"), 303)


@bp.post("/family/leave")
def leave_family() -> ResponseReturnValue:
    """An adult of the family does not want to be of it any more; an employee cannot leave it."""
    dependant = _holder()
    if dependant.kind != HolderKind.DEPENDANT:
        return redirect(url_for(".show_family"), 303)
    household.remove_dependant(db.session, dependant, g.actor, clock.now())
    db.session.commit()
    flash(_("您已退出，会员码即刻失效。"), "success")
    return redirect(url_for("auth.home"), 303)


def _holder() -> Holder:
    return db.session.get_one(Holder, g.grant.holder_id)


def _employee() -> Holder:
    """Whoever asks, if it is an employee: the family of a family member is not there."""
    holder = _holder()
    return holder if holder.kind == HolderKind.EMPLOYEE else abort(404)


def _most() -> int:
    return int(current_app.extensions["settings"].max_dependants)


def _turned_down(no: Exception) -> ResponseReturnValue:
    if isinstance(no, household.NotEmployed):
        flash(_("您目前没有在职单位，不能添加家属，请联系所在企业。"), "warning")
    elif isinstance(no, household.TooManyChanges):
        most, days = household.MOST_REMOVED, household.REMOVED_WITHIN.days
        flash(_("%(days)s 天内已有 %(most)s 位家属离开，暂时不能再添加。", days=days, most=most), "warning")
    else:
        flash(_("最多添加 %(most)s 位家属，请先移除一位，或撤回一个没用的邀请。", most=_most()), "warning")
    return redirect(url_for(".show_family"), 303)


def _page(form: CardForm) -> str:
    at, holder = clock.now(), _holder()
    if holder.kind == HolderKind.DEPENDANT:
        sponsor = db.session.get_one(Holder, holder.sponsor_id)
        employer = employer_of(db.session, holder.id, clock.business_date(at))
        return render_template("employee/show_sponsor.html", sponsor=sponsor, employer=employer)
    found = household.household_of(db.session, holder.id, at)
    token = session.pop(LINK, None)
    return render_template(
        "employee/show_family.html",
        form=form,
        found=found,
        labels=labels(found.dependants),
        left=max(0, _most() - found.places_taken),
        most=_most(),
        link=url_for("auth.join", token=token, _external=True) if token else None,
        days=household.INVITATION_LIFETIME.days,
    )
