"""Evidence of the market price, and the pictures of a revision."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.offers.evidence import (
    BARE,
    UNUSED_FOR,
    Evidence,
    Fault,
    Showing,
    fault_of,
    forget_unused,
    is_link,
    showings,
)
from alliance.offers.life import Draft, OfferInvalid, submit
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.pictures.intake import PictureInvalid, clean
from alliance.pictures.keep import keep
from alliance.pictures.models import Picture
from tests.pictures.photos import photo
from tests.world import World

PRICE = AlliancePrice(unit_price_fen=500)


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def picture(world: World, merchant=None, at=None, most: int = 100) -> Picture:
    merchant = merchant or world.dairy
    return keep(world.session, merchant.id, clean(photo()), most, COMMAND_LINE, at or world.at)


def showing(**said) -> Showing:
    return Showing(evidence=Evidence(**said))


@pytest.mark.parametrize(
    ("title", "terms", "shown", "fault"),
    [
        ("鲜牛奶", PRICE, BARE, None),
        ("鲜牛奶", PRICE, showing(market_price_fen=500, basis="超市价签"), None),
        ("鲜牛奶", PRICE, showing(market_price_fen=600, link="https://example.com/1"), None),
        ("鲜牛奶", PRICE, showing(market_price_fen=600, photo_ids=(uuid4(),)), None),
        ("鲜牛奶", PRICE, showing(market_price_fen=600), Fault("market_price_fen", "without_basis")),
        (
            "鲜牛奶",
            PRICE,
            showing(market_price_fen=499, basis="超市价签"),
            Fault("market_price_fen", "below_price"),
        ),
        # Of a kind without a price of a piece nothing can be compared.
        ("全场九折", Discount(pay_permille=900), showing(market_price_fen=1, basis="超市价签"), None),
        ("全城最佳牛奶", PRICE, BARE, Fault("title", "forbidden_words", "最佳")),
        ("原价 100 现价 50", PRICE, BARE, Fault("title", "compared_without_basis", "原价")),
        ("原价 100 现价 50", PRICE, showing(basis="上月价目表"), None),
        ("鲜牛奶", PRICE, showing(link="javascript:alert(1)"), Fault("link", "not_a_link")),
        ("鲜牛奶", PRICE, showing(photo_ids=tuple(uuid4() for _ in range(4))), Fault("photos", "too_many")),
    ],
)
def test_what_cannot_stand(title, terms, shown, fault):
    assert fault_of(title, terms, shown) == fault


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("https://item.jd.com/100.html", True),
        ("http://例子.中国/牛奶", True),
        ("https://m.example.com:8443/a?b=1#c", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("ftp://example.com/", False),
        ("//example.com/", False),
        ("example.com", False),
        ("http://localhost/", False),
        ("https://jd.com@evil.example/", False),
        ("https://jd.com\\@evil.example/", False),
        ("https://example.com/ x", False),
        ("https://example.com/\u202e", False),
        ("http://[::1", False),
        ("https://example.com/" + "x" * 500, False),
        ("", False),
    ],
)
def test_a_link_is_an_address_on_the_web(text, is_good):
    assert is_link(text) is is_good


def test_a_revision_keeps_its_picture_and_its_evidence(world: World, session: Session) -> None:
    shown, *proofs = (picture(world).id for _ in range(3))
    first = Showing(shown, Evidence(800, "超市价签", "https://example.com/", tuple(proofs)))
    draft = Draft("NEW", "鲜牛奶", PRICE, showing=first)
    old = submit(session, world.dairy.id, draft, COMMAND_LINE, world.at)
    new = submit(session, world.dairy.id, Draft("NEW", "鲜牛奶", PRICE), COMMAND_LINE, world.at)
    found = showings(session, [old.id, new.id])
    assert (found[old.id], found[new.id]) == (first, BARE)


def test_photos_alone_are_evidence(world: World, session: Session) -> None:
    only = showing(photo_ids=(picture(world).id,))
    made = submit(
        session, world.dairy.id, Draft("NEW", "鲜牛奶", PRICE, showing=only), COMMAND_LINE, world.at
    )
    assert showings(session, [made.id])[made.id] == only


def test_a_picture_of_another_merchant_is_not_there(world: World, session: Session) -> None:
    foreign = picture(world, world.garage).id
    for shown in (Showing(foreign), showing(photo_ids=(foreign,)), Showing(uuid4())):
        with pytest.raises(OfferInvalid) as caught:
            submit(
                session, world.dairy.id, Draft("NEW", "鲜牛奶", PRICE, showing=shown), COMMAND_LINE, world.at
            )
        assert (caught.value.field, caught.value.problem) == ("picture", "not_there")


def test_what_was_uploaded_in_vain_is_forgotten(world: World, session: Session) -> None:
    long_ago = world.at - UNUSED_FOR - timedelta(seconds=1)
    used, _unused = picture(world, at=long_ago), picture(world, at=long_ago)
    fresh = picture(world)
    kept = {used.id, fresh.id}
    draft = Draft("NEW", "鲜牛奶", PRICE, showing=Showing(used.id))
    submit(session, world.dairy.id, draft, COMMAND_LINE, world.at)
    session.flush()
    forget_unused(session, world.at)
    assert set(session.scalars(select(Picture.id))) == kept


def test_who_uploads_too_much_waits_a_day(world: World, session: Session) -> None:
    for _ in range(2):
        picture(world, most=2)
    with pytest.raises(PictureInvalid, match="too_many"):
        picture(world, most=2)
    picture(world, most=2, at=world.at + timedelta(days=1, seconds=1))
    assert session.scalar(select(func.count()).select_from(Picture)) == 3
