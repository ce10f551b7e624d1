"""接口通知: the endpoints that are told of redemptions, and the log of what was sent there."""

from uuid import UUID

from flask import current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.web.enterprise import bp
from alliance.web.enterprise import webhook_lines as lines
from alliance.web.enterprise.page import page
from alliance.web.enterprise.webhook_form import TOO_MANY, WebhookForm
from alliance.web.enterprise.webhook_words import result_words
from alliance.web.extensions import db
from alliance.webhooks import deliver, endpoints
from alliance.webhooks.addresses import Reach
from alliance.webhooks.models import WebhookEndpoint
from alliance.webhooks.signing import Sealer

ENDPOINT = "/webhooks/<uuid:endpoint_id>"
DELIVERY = ENDPOINT + "/deliveries/<uuid:event_id>"


@bp.get("/webhooks")
def list_webhooks(enterprise_id: int) -> ResponseReturnValue:
    """Every endpoint with its state."""
    found = lines.endpoints_of(db.session, enterprise_id)
    return page("enterprise/list_webhooks.html", enterprise_id, lines=found)


@bp.route("/webhooks/new", methods=["GET", "POST"])
def new_webhook(enterprise_id: int) -> ResponseReturnValue:
    """A new endpoint; its secret is in the answer, and nowhere else."""
    form = WebhookForm(Reach.of(current_app.extensions["settings"]))
    made = _add(enterprise_id, form) if form.validate_on_submit() else None
    if made is None:
        shown = page("enterprise/webhook_form.html", enterprise_id, form=form)
        return shown, 422 if form.errors else 200
    return _secret_page(*made, is_new=True)


@bp.route(ENDPOINT + "/edit", methods=["GET", "POST"])
def edit_webhook(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """Another address or other events, under the same secret."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    events = endpoints.types_of(db.session, endpoint)
    form = WebhookForm(Reach.of(current_app.extensions["settings"]), obj=endpoint, data={"events": events})
    if not form.validate_on_submit():
        shown = page("enterprise/webhook_form.html", enterprise_id, form=form, endpoint=endpoint)
        return shown, 422 if form.errors else 200
    what = (form.url.data, form.description.data, form.types())
    endpoints.change_endpoint(db.session, endpoint, *what, g.actor, clock.now())
    db.session.commit()
    flash(_("已保存。正在等待发送的也会发往新的地址。"))
    return redirect(_url(enterprise_id, endpoint_id))


@bp.get(ENDPOINT)
def show_webhook(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """An endpoint and what was sent there."""
    line = lines.line_or_404(db.session, enterprise_id, endpoint_id)
    found = lines.deliveries_of(db.session, line.endpoint, request.args.get("before", type=UUID))
    return page(
        "enterprise/show_webhook.html",
        enterprise_id,
        line=line,
        deliveries=found[: lines.PAGE],
        has_older=len(found) > lines.PAGE,
        fingerprint=endpoints.fingerprint(line.endpoint),
        former_is_good=endpoints.former_is_good(line.endpoint, clock.now()),
    )


@bp.post(ENDPOINT + "/secret")
def rotate_webhook_secret(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """A new secret; it is in the answer, and nowhere else."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    seen, ends_former = request.form.get("seen", ""), "ends_former" in request.form
    try:
        secret = endpoints.rotate_secret(
            db.session, _sealer(), endpoint, g.actor, clock.now(), seen=seen, ends_former=ends_former
        )
    except endpoints.FormerIsGood:
        flash(_("刚换过密钥，没有再换。要再换一次，请看清下面的说明后再确认。"), "warning")
        return redirect(_url(enterprise_id, endpoint_id))
    db.session.commit()
    return _secret_page(endpoint, secret, is_new=False)


@bp.post(ENDPOINT + "/disable")
def disable_webhook(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """Send nothing more there."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    endpoints.disable(db.session, endpoint, g.actor, clock.now())
    db.session.commit()
    flash(_("已停用，不再向这个地址发送通知。"))
    return redirect(_url(enterprise_id, endpoint_id))


@bp.post(ENDPOINT + "/enable")
def enable_webhook(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """Send there again."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    try:
        endpoints.enable(db.session, endpoint, g.actor, clock.now())
    except endpoints.TooMany:
        flash(TOO_MANY, "warning")
        return redirect(_url(enterprise_id, endpoint_id))
    db.session.commit()
    flash(_("已启用，从现在起发生的会通知到这个地址。"))
    return redirect(_url(enterprise_id, endpoint_id))


@bp.post(ENDPOINT + "/test")
def test_webhook(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    """Send a test event to this endpoint alone."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    try:
        deliver.send_test(db.session, endpoint, g.actor, clock.now())
    except deliver.Disabled:
        return _send_back_disabled(enterprise_id, endpoint_id)
    db.session.commit()
    flash(_("测试通知已排队，几秒后刷新本页可以看到结果。"))
    return redirect(_url(enterprise_id, endpoint_id))


@bp.get(DELIVERY)
def show_webhook_delivery(enterprise_id: int, endpoint_id: UUID, event_id: UUID) -> ResponseReturnValue:
    """One delivery: every attempt, and the text as it is sent."""
    found = lines.delivery_line_or_404(db.session, enterprise_id, endpoint_id, event_id)
    endpoint = db.session.get_one(WebhookEndpoint, (enterprise_id, endpoint_id))
    return page(
        "enterprise/show_webhook_delivery.html",
        enterprise_id,
        endpoint=endpoint,
        line=found,
        result_words=result_words,
    )


@bp.post(DELIVERY + "/redeliver")
def redeliver_webhook(enterprise_id: int, endpoint_id: UUID, event_id: UUID) -> ResponseReturnValue:
    """Send a delivery again, whatever became of it."""
    endpoint = lines.endpoint_or_404(db.session, enterprise_id, endpoint_id)
    delivery = lines.delivery_or_404(db.session, enterprise_id, endpoint_id, event_id)
    try:
        deliver.redeliver(db.session, endpoint, delivery, g.actor, clock.now())
    except deliver.Disabled:
        return _send_back_disabled(enterprise_id, endpoint_id)
    db.session.commit()
    flash(_("已排队重新发送，几秒后刷新本页可以看到结果。"))
    return redirect(_url(enterprise_id, endpoint_id))


def _add(enterprise_id: int, form: WebhookForm) -> tuple[WebhookEndpoint, str] | None:
    """Add what a valid form asks for. None when there are too many; the form then says so."""
    words, at = form.description.data, clock.now()
    try:
        made = endpoints.add_endpoint(
            db.session, _sealer(), enterprise_id, form.url.data, words, form.types(), g.actor, at
        )
    except endpoints.TooMany:
        form.url.errors = [TOO_MANY]
        return None
    db.session.commit()
    return made


def _secret_page(endpoint: WebhookEndpoint, secret: str, *, is_new: bool) -> str:
    template = "enterprise/webhook_secret.html"
    return page(template, endpoint.merchant_id, endpoint=endpoint, secret=secret, is_new=is_new)


def _send_back_disabled(enterprise_id: int, endpoint_id: UUID) -> ResponseReturnValue:
    flash(_("这个地址已停用，请先启用再发送。"), "warning")
    return redirect(_url(enterprise_id, endpoint_id))


def _sealer() -> Sealer:
    return Sealer(current_app.extensions["settings"].secret_key)


def _url(enterprise_id: int, endpoint_id: UUID) -> str:
    return url_for("enterprise.show_webhook", enterprise_id=enterprise_id, endpoint_id=endpoint_id)
