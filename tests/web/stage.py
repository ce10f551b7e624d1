"""The stage for the policy's test: people in every role; own, foreign and absent things for every URL.

The world has two of everything: what is the dairy's (and its shop's) is the actors' own, what is the
garage's is foreign, and the dairy's kiosk is the shop's sibling.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Role
from alliance.accounts.tokens import create_token, revoke_token
from alliance.audit.trail import COMMAND_LINE, Actor
from alliance.circulation.kept import keep as keep_report
from alliance.circulation.monthly import monthly
from alliance.circulation.periods import PeriodKind, containing, previous
from alliance.circulation.scope import Scope
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.cheaper import Said, Seen, report
from alliance.offers.drafts import save_new
from alliance.offers.evidence import Showing
from alliance.offers.life import Draft, approve, submit
from alliance.offers.models import NoticeKind, OfferNotice, OfferRevision
from alliance.offers.notices import tell
from alliance.offers.pricing import Discount
from alliance.passes import household
from alliance.people.models import Employment
from alliance.pictures.intake import clean
from alliance.pictures.keep import keep
from alliance.redemptions.models import Redemption
from alliance.web import relations
from alliance.web.policy import TokenKind
from alliance.webhooks.deliver import send_test
from alliance.webhooks.endpoints import SUBSCRIBABLE, add_endpoint
from alliance.webhooks.signing import Sealer
from alliance.zones.models import Zone
from tests.pictures.photos import photo
from tests.processes import SECRET
from tests.web.visits import browser_of, form_token, store_of
from tests.world import World

NO_NUMBER, NO_UUID = 987654321, UUID("00000000-0000-7000-8000-000000000000")
#: What an argument is when it names nothing.
NOTHING: dict[str, object] = {
    "enterprise_id": NO_NUMBER,
    "merchant_id": NO_NUMBER,
    "employment_id": NO_NUMBER,
    "grant_id": NO_NUMBER,
    "table_name": "no-such-table",
    "side": "no-such-side",
    **dict.fromkeys(
        (
            "outlet_id",
            "scan_id",
            "redemption_id",
            "offer_id",
            "revision_id",
            "endpoint_id",
            "event_id",
            "token_id",
            "picture_id",
            "report_id",
            "kept_id",
            "draft_id",
            "notice_id",
        ),
        NO_UUID,
    ),
}
#: Arguments that say whose something is; the others name a thing of his.
OWNERS = frozenset({"enterprise_id", "merchant_id", "outlet_id"})
#: Arguments that choose among what is the same for everybody, and say of nothing whose it is.
CHOICES: dict[str, object] = {"table_name": "zones", "side": "merchant"}

#: In which relations the people of this world stand to everything, and to what is their own.
#: The pictures of the stage belong to approved offers: every holder may see them.
ALWAYS = frozenset({relations.everything, relations.own, relations.on_show})
TO_OWN = ALWAYS | {
    relations.own_enterprise,
    relations.own_merchant,
    relations.own_outlet,
    relations.outlet_of_own_enterprise,
    relations.merchant_in_zone,
    relations.report_in_zone,
}
#: So that pages and reports of a period have one; the reconciliation wants one day.
PERIOD, DAY = {"from": "2026-01-01", "to": "2026-01-31"}, {"date": "2026-01-01"}


@dataclass(frozen=True)
class Person:
    """Somebody who acts: with the cookie of an account, or with a bearer token."""

    name: str
    account_id: int | None = None
    role: Role | None = None
    bearer: str | None = None
    token: TokenKind | None = None


@dataclass(frozen=True)
class Target:
    """URL arguments, and the relations that hold for them. The answers to one ``kind`` must look alike."""

    name: str
    arguments: dict[str, object]
    relations: frozenset[relations.Relation]
    exists: bool = True
    kind: str = "own"
    #: Whose things a form names.
    whose: str = "own"


@dataclass
class Stage:
    """The application, its people, and what a URL can name, by whose it is."""

    app: Flask
    people: list[Person] = field(default_factory=list)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    _clients: dict[str, FlaskClient] = field(default_factory=dict)

    def client(self, person: Person, fresh: bool = False) -> FlaskClient:
        """The person's browser, the same one every time unless a fresh one is asked for."""
        if fresh or person.name not in self._clients:
            signed_in = person.account_id is not None
            client = browser_of(self.app, person.account_id) if signed_in else self.app.test_client()
            if fresh:
                return client
            self._clients[person.name] = client
        return self._clients[person.name]

    def _form(self, target: Target) -> dict[str, str]:
        """The things of the target's owner, for routes that take them from the form."""
        return {name: str(value) for name, value in self.things[target.whose].items()}

    def call(
        self,
        route: Route,
        method: str,
        person: Person,
        target: Target,
        *,
        fresh: bool = False,
        csrf: bool = True,
    ) -> TestResponse:
        """One request. It carries the form's token, so that nothing but the policy can refuse it."""
        client = self.client(person, fresh)
        headers = {"Authorization": f"Bearer {person.bearer}"} if person.bearer else {}
        options: dict[str, Any] = {}
        with self.app.test_request_context():
            path = self.app.url_for(route.endpoint, **target.arguments)
        if method not in ("GET", "HEAD"):
            options = {"json": body(path)} if path.startswith("/api/") else {"data": self._form(target)}
            if csrf:
                headers["X-CSRFToken"] = form_token(client)
        query = DAY if path.endswith("/reconciliation") else PERIOD
        return client.open(path, method=method, query_string=query, headers=headers, **options)


def body(path: str) -> dict[str, Any]:
    """What a reversal or a correction wants: the API looks for a redemption only once the body fits."""
    given = {"id": str(uuid4()), "reason": "顾客退货"}
    return given | ({"reversal_id": str(uuid4()), "gross_fen": 1} if path.endswith("/correction") else {})


def build(app: Flask) -> Stage:
    """The world in the application's database, of today, with everybody and everything in it."""
    with store_of(app) as session:
        world = World(session, clock.now())
        world.keyring = app.extensions["keyring"]
        outlets = {"own": world.dairy_shop, "sibling": world.dairy_kiosk, "foreign": world.garage_hall}
        things = {whose: _things_of(world, outlet) for whose, outlet in outlets.items()}
        things["own"]["kept_id"] = _kept_report(world)
        stage = Stage(app, list(_people_of(world)), things)
    for person in stage.people:
        stage.client(person)
    return stage


def _things_of(world: World, outlet: Outlet) -> dict[str, Any]:
    id_ = uuid4()
    world.redeem(offer="MILK" if outlet.merchant_id == world.dairy.id else "WASH", outlet=outlet, id_=id_)
    redemption = world.session.get_one(Redemption, (outlet.merchant_id, id_))
    draft = Draft(code=f"NEW-{outlet.code}", title="待审优惠", terms=Discount(pay_permille=900))
    revision = submit(world.session, outlet.merchant_id, draft, COMMAND_LINE, world.at)
    token, _ = create_token(
        world.session, "一号机", outlet.merchant_id, outlet.id, None, COMMAND_LINE, world.at
    )
    merchant = world.session.get_one(Enterprise, outlet.merchant_id)
    person = world.employee(merchant, f"E-{outlet.code}", "钱八", f"+86137{outlet.id.int % 10**8:08d}")
    cashier = find_or_create_account(world.session, f"+86136{outlet.id.int % 10**8:08d}", "周九", world.at)
    held = grant(
        world.session,
        cashier,
        Role.CASHIER,
        COMMAND_LINE,
        world.at,
        enterprise_id=outlet.merchant_id,
        outlets=[outlet],
    )
    return {
        "token_id": token.id,
        # To whoever sees everything no report is foreign: this names none.
        "kept_id": id_,
        "grant_id": held.id,
        "employment_id": world.session.scalar(select(Employment.id).where(Employment.holder_id == person.id)),
        **_family_of(world),
        "enterprise_id": outlet.merchant_id,
        "merchant_id": outlet.merchant_id,
        "outlet_id": outlet.id,
        "scan_id": redemption.scan_id,
        "redemption_id": id_,
        "offer_id": revision.offer_id,
        "revision_id": revision.id,
        **_pictured(world, outlet.merchant_id),
        **_of_offers(world, outlet, revision),
        **_webhook_of(world, outlet.merchant_id),
    }


def _pictured(world: World, merchant_id: int) -> dict[str, Any]:
    """An approved offer with a picture, and a report that the same costs less elsewhere."""
    picture = keep(world.session, merchant_id, clean(photo()), 10, COMMAND_LINE, world.at)
    code, terms = f"PICTURED-{picture.id.hex[-8:]}", Discount(pay_permille=900)
    draft = Draft(code=code, title="有图的优惠", terms=terms, showing=Showing(picture.id))
    revision = submit(world.session, merchant_id, draft, COMMAND_LINE, world.at)
    approve(world.session, revision, COMMAND_LINE, world.at)
    holder = world.employee(world.dairy, f"R-{picture.id.hex[-8:]}", "郑十", None)
    seen, said = Seen("解放路大润发", 580), Said(link="https://example.com/milk")
    made = report(world.session, holder.id, revision, seen, said, COMMAND_LINE, world.at)
    return {"picture_id": picture.id, "report_id": made.id, "approved_offer_id": revision.offer_id}


def _of_offers(world: World, outlet: Outlet, revision: OfferRevision) -> dict[str, Any]:
    """A draft of a new offer, and a notice of another."""
    draft = save_new(world.session, outlet.merchant_id, None, {"title": ["没写完的"]}, COMMAND_LINE, world.at)
    told = (outlet.merchant_id, revision.offer_id, NoticeKind.ENDING, revision.id)
    tell(world.session, *told, world.at)
    notice_id = world.session.scalar(select(OfferNotice.id).where(OfferNotice.about_id == revision.id))
    return {"draft_id": draft.id, "notice_id": notice_id}


def _kept_report(world: World) -> UUID:
    """A kept report of the east."""
    by = Actor(find_or_create_account(world.session, "+8613900000400", "留存人", world.at).id)
    month = previous(containing(PeriodKind.MONTH, business_date(world.at)))
    made = monthly(world.session, month, Scope(world.east), world.at, sees_all=False)
    return keep_report(world.session, made, by)


def _family_of(world: World) -> dict[str, Any]:
    """A card, an open invitation and another's link, of the employee who is one of the people."""
    asked = (world.session, world.milkman)
    card = household.add_dependant(*asked, "王小宝", 20, COMMAND_LINE, world.at)
    tokens = [household.invite(*asked, 20, COMMAND_LINE, world.at) for _ in range(2)]
    invitation = household.find_invitation(world.session, tokens[0], world.at)
    return {"holder_id": card.id, "invitation_id": invitation.id, "token": tokens[1]}


def _webhook_of(world: World, merchant_id: int) -> dict[str, Any]:
    sealer, url = Sealer(SECRET), "https://pos.example.com/"
    endpoint, _ = add_endpoint(
        world.session, sealer, merchant_id, url, "对账", SUBSCRIBABLE, COMMAND_LINE, world.at
    )
    event_id = send_test(world.session, endpoint, COMMAND_LINE, world.at)
    return {"endpoint_id": endpoint.id, "event_id": event_id}


def _people_of(world: World) -> Iterator[Person]:
    """Strangers, one account in each role on the dairy's side, and every kind of token."""
    session, at, shop = world.session, world.at, world.dairy_shop
    scopes: dict[Role, dict[str, Any]] = {
        Role.HOLDER: {"holder_id": world.milkman.id},
        Role.CASHIER: {"enterprise_id": world.dairy.id, "outlets": [shop]},
        Role.ENTERPRISE_ADMIN: {"enterprise_id": world.dairy.id},
        Role.ZONE_ORGANIZER: {"zone_id": world.east.id},
    }
    yield Person("stranger")
    yield Person("nobody", find_or_create_account(session, "+8613900000100", "无身份", at).id)
    for number, role in enumerate(Role):
        account = find_or_create_account(session, f"+861390000020{number}", str(role), at)
        grant(session, account, role, COMMAND_LINE, at, **scopes.get(role, {}))
        yield Person(str(role), account.id, role)
    account = find_or_create_account(session, "+8613900000300", "两个片区", at)
    for zone in (_empty_zone(world), world.east):
        grant(session, account, Role.ZONE_ORGANIZER, COMMAND_LINE, at, zone_id=zone.id)
    yield Person("organizer of two zones", account.id, Role.ZONE_ORGANIZER)
    _, plain = create_token(session, "收银", shop.merchant_id, shop.id, None, COMMAND_LINE, at)
    yield Person("outlet token", bearer=plain, token=TokenKind.OUTLET)
    _, plain = create_token(session, "总部", shop.merchant_id, None, None, COMMAND_LINE, at)
    yield Person("merchant token", bearer=plain, token=TokenKind.MERCHANT)
    _, plain = create_token(session, "统计", None, None, None, COMMAND_LINE, at)
    yield Person("report token", bearer=plain, token=TokenKind.REPORT)
    ended, plain = create_token(session, "停用", shop.merchant_id, shop.id, None, COMMAND_LINE, at)
    revoke_token(session, ended, COMMAND_LINE, at)
    yield Person("revoked token", bearer=plain)
    yield Person("invented token", bearer="alc_" + "x" * 43)


def _empty_zone(world: World) -> Zone:
    zone = Zone(code="220204009000", name="无企业街道", parent_id=world.root.id)
    world.session.add(zone)
    world.session.flush()
    return zone


def targets(stage: Stage, route: Route) -> Iterator[Target]:
    """Own, sibling, foreign and absent: first whose it is, then the thing of his."""
    names = set(route.arguments)
    if names == {"filename"}:
        yield Target("own", {"filename": "dist/manifest.json"}, TO_OWN)
        return
    if names == {"token"}:
        # Who has the link is who may follow it.
        yield Target("own", {"token": stage.things["own"]["token"]}, TO_OWN)
        return
    own, sibling, foreign = (
        {name: (stage.things[whose] | CHOICES)[name] for name in names}
        for whose in ("own", "sibling", "foreign")
    )
    yield Target("own", own, TO_OWN)
    if names & OWNERS:
        yield Target("foreign", foreign, ALWAYS, kind="owner", whose="foreign")
    if names == {"merchant_id", "offer_id"}:
        for whose, held in (("own", TO_OWN), ("foreign", ALWAYS)):
            approved = (own if whose == "own" else foreign) | {
                "offer_id": stage.things[whose]["approved_offer_id"]
            }
            yield Target(
                f"{whose} approved", approved, held | {relations.on_offer}, kind="owner", whose=whose
            )
    if "outlet_id" in names:
        yield Target("sibling", sibling, TO_OWN - {relations.own_outlet}, kind="owner", whose="sibling")
        mixed = own | {"outlet_id": foreign["outlet_id"]}
        yield Target("foreign outlet_id, own merchant_id", mixed, ALWAYS, exists=False, kind="owner")
    for name in sorted(names & OWNERS):
        yield Target(f"absent {name}", own | {name: NOTHING[name]}, ALWAYS, exists=False, kind="owner")
    for name in sorted(names - OWNERS):
        others = {"foreign": foreign, "absent": NOTHING} | (
            {"sibling": sibling} if "outlet_id" in names else {}
        )
        if name in CHOICES:
            others = {"absent": NOTHING}
        for whose, values in others.items():
            yield Target(f"{whose} {name}", own | {name: values[name]}, TO_OWN, exists=False, kind="thing")
