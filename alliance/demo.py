"""A small demo world, for an empty database that is not in production: every role can be tried at once."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Role
from alliance.accounts.passwords import hash_password
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import SINCE_EVER, business_date, start_of
from alliance.enterprises.credit_code import check_character
from alliance.enterprises.models import Enterprise, EnterpriseZone, Outlet, OutletZone
from alliance.offers.life import Draft, approve, submit
from alliance.offers.limits import UNLIMITED, Limits
from alliance.offers.pricing import AlliancePrice, Discount, Terms, Threshold
from alliance.passes import household
from alliance.passes.issue import mint, pass_of
from alliance.passes.keys import Keyring
from alliance.people.models import Employment, Holder, HolderKind
from alliance.people.phones import parse_phone
from alliance.redemptions.counter import Counter
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.store import new_id
from alliance.zones.models import Zone

PASSWORD = "alliance-demo"  # noqa: S105 - printed at every start, and never loaded in production
DAYS = 30

#: Role, phone, password: what a start prints.
SIGN_INS = (
    ("主办方 organizer", "13900000001", PASSWORD),
    ("片区主办方 zone organizer", "13900000002", PASSWORD),
    ("数据专员 data officer", "13900000003", PASSWORD),
    ("企业管理员 enterprise administrator", "13900000004", PASSWORD),
    ("收银员 cashier", "13900000005", PASSWORD),
    ("员工 employee", "13900000006", PASSWORD),
)

ZONES = (
    ("220204000000", "船营区", None),
    ("220204001000", "德胜街道", "220204000000"),
    ("220204100000", "大绥河镇", "220204000000"),
    ("220204400000", "吉林船营经济开发区", "220204000000"),
)


@dataclass(frozen=True)
class _Member:
    """A member enterprise of the demo: its place, its outlets, what it offers and who works there."""

    name: str
    zone: str
    outlets: tuple[str, ...]
    offers: tuple[tuple[str, str, Terms, Limits], ...]
    people: tuple[str, ...]


#: Of the employee who signs in: an elder, and a child under 14, who has no name.
FAMILY = ("王桂兰", "")

#: Generous enough that the demo's own redemptions never reach them.
MILK = Limits(units=3000, holder_day=5)
YOGHURT = Limits(budget_fen=5_000_000, household_month=60)
TICKETS = Limits(total=500, household_day=6)

MEMBERS = (
    _Member(
        "吉林市松花江乳业有限责任公司",
        "220204400000",
        ("乳业直营店", "开发区奶站"),
        (
            ("NAI-01", "鲜牛奶成本价", AlliancePrice(unit_price_fen=350), MILK),
            ("NAI-02", "酸奶满百立减", Threshold(threshold_fen=10000, off_fen=2000), YOGHURT),
        ),
        ("张喆明", "李㛃", "王小乐", "欧阳雪松"),
    ),
    _Member(
        "吉林市车天下二手车经销有限公司",
        "220204001000",
        ("车天下展厅",),
        (("CHE-01", "整车检测八五折", Discount(pay_permille=850), UNLIMITED),),
        ("赵铁军", "孙丽华", "周凯"),
    ),
    _Member(
        "北大湖欢乐世界主题公园有限公司",
        "220204100000",
        ("南门售票处", "园内餐厅"),
        (
            ("PIAO-01", "联盟专属门票", AlliancePrice(unit_price_fen=9900), TICKETS),
            ("CAN-01", "园内用餐九折", Discount(pay_permille=900), UNLIMITED),
        ),
        ("吴桐", "郑晓燕"),
    ),
    _Member(
        "吉林船营职业技能实训基地",
        "220204400000",
        ("实训基地前台",),
        (("PX-01", "叉车证培训满减", Threshold(threshold_fen=100000, off_fen=15000), Limits(total=200)),),
        ("冯志强", "陈静", "褚卫国"),
    ),
)


def load(session: Session, keyring: Keyring, at: datetime) -> None:
    """Build the demo world into an empty store, with thirty days of redemptions up to yesterday."""
    opened = start_of(business_date(at) - timedelta(days=DAYS))
    zones = _zones(session)
    members = [_member(session, number, member, zones, opened) for number, member in enumerate(MEMBERS)]
    _trade(session, keyring, members, opened)
    dairy = members[0]
    submit(
        session,
        dairy.merchant.id,
        Draft(code="NAI-03", title="周末奶酪七折", terms=Discount(pay_permille=700)),
        COMMAND_LINE,
        at,
    )
    _accounts(session, dairy, zones, at)
    session.flush()


@dataclass(frozen=True)
class _Loaded:
    merchant: Enterprise
    outlets: list[Outlet]
    holders: list[Holder]
    offers: list[tuple[str, Terms]]


def _zones(session: Session) -> dict[str, Zone]:
    zones: dict[str, Zone] = {}
    for code, name, parent in ZONES:
        zones[code] = Zone(code=code, name=name, parent_id=zones[parent].id if parent else None)
        session.add(zones[code])
        session.flush()
    return zones


def _member(session: Session, number: int, member: _Member, zones: dict[str, Zone], at: datetime) -> _Loaded:
    stem = f"91220204MADEM{number:04d}"
    merchant = Enterprise(credit_code=stem + check_character(stem), name=member.name, created_at=at)
    session.add(merchant)
    session.flush()
    zone_id = zones[member.zone].id
    session.add(EnterpriseZone(enterprise_id=merchant.id, starts_on=SINCE_EVER, zone_id=zone_id))
    outlets = [
        Outlet(
            merchant_id=merchant.id,
            id=new_id(),
            code=f"{number + 1:02d}{place + 1:02d}",
            name=name,
            created_at=at,
        )
        for place, name in enumerate(member.outlets)
    ]
    session.add_all(outlets)
    session.flush()
    for outlet in outlets:
        session.add(
            OutletZone(merchant_id=merchant.id, outlet_id=outlet.id, starts_on=SINCE_EVER, zone_id=zone_id)
        )
    for code, title, terms, limits in member.offers:
        draft = Draft(code=code, title=title, terms=terms, limits=limits)
        approve(session, submit(session, merchant.id, draft, COMMAND_LINE, at), COMMAND_LINE, at)
    holders = [
        _employee(session, merchant, f"{place + 1:03d}", name, f"1390001{number:02d}{place:02d}", at)
        for place, name in enumerate(member.people)
    ]
    return _Loaded(merchant, outlets, holders, [(code, terms) for code, _, terms, _ in member.offers])


def _employee(
    session: Session, employer: Enterprise, staff_no: str, name: str, phone: str, at: datetime
) -> Holder:
    holder = Holder(kind=HolderKind.EMPLOYEE, name=name, phone=parse_phone(phone), created_at=at)
    session.add(holder)
    session.flush()
    session.add(Employment(holder_id=holder.id, enterprise_id=employer.id, staff_no=staff_no))
    return holder


def _trade(session: Session, keyring: Keyring, members: list[_Loaded], opened: datetime) -> None:
    """Redemptions by the verb itself, from a fixed seed: some six a day, within opening hours."""
    chance = random.Random(286)  # noqa: S311 - a demo, not a secret
    holders = [holder for member in members for holder in member.holders]
    session.flush()
    for _ in range(6 * DAYS):
        member, holder = chance.choice(members), chance.choice(holders)
        offer, terms = chance.choice(member.offers)
        at = opened + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(8 * 60, 20 * 60))
        quantity = chance.randint(1, 4)
        order = Order(new_id(), offer, _gross(chance, terms, quantity), quantity)
        counter = Counter(member.merchant.id, chance.choice(member.outlets).id)
        shown = mint(session, keyring, pass_of(session, holder.id, at), at)
        redeem_at_once(session, keyring, counter, shown.text, order, at)


def _gross(chance: random.Random, terms: Terms, quantity: int) -> int:
    """A believable amount in 分 for the offer."""
    match terms:
        case AlliancePrice():
            return quantity * round(terms.unit_price_fen * chance.uniform(1.2, 1.6))
        case Threshold():
            return terms.threshold_fen + chance.randrange(0, terms.threshold_fen)
        case _:
            return chance.randrange(2000, 60000)


def _accounts(session: Session, dairy: _Loaded, zones: dict[str, Zone], at: datetime) -> None:
    organizer, zone_organizer, officer, administrator, cashier, employee = (
        find_or_create_account(session, parse_phone(phone), role.split()[0], at)
        for role, phone, _ in SIGN_INS
    )
    hashed = hash_password(PASSWORD)
    for account in (organizer, zone_organizer, officer, administrator, cashier, employee):
        account.password_hash = hashed
    merchant_id = dairy.merchant.id
    by = COMMAND_LINE
    grant(session, organizer, Role.ORGANIZER, by, at)
    grant(session, zone_organizer, Role.ZONE_ORGANIZER, by, at, zone_id=zones["220204400000"].id)
    grant(session, officer, Role.DATA_OFFICER, by, at)
    grant(session, administrator, Role.ENTERPRISE_ADMIN, by, at, enterprise_id=merchant_id)
    grant(session, cashier, Role.CASHIER, by, at, enterprise_id=merchant_id, outlets=dairy.outlets)
    grant(session, employee, Role.HOLDER, by, at, holder_id=dairy.holders[0].id)
    for name in FAMILY:
        household.add_dependant(session, dairy.holders[0], name, len(FAMILY), by, at)
