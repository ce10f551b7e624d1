"""What anybody may fetch in order to verify without asking."""

import cbor2
import pytest

from alliance.passes import cose
from tests.web.people import Scene


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def test_keys_and_list_are_public(scene, client):
    scene.world.phone()
    scene.session.commit()
    keys = client.get("/.well-known/alliance-keys")
    assert (keys.status_code, keys.mimetype) == (200, "application/cose-key-set")
    (key,) = cbor2.loads(keys.data)
    listed = client.get("/api/v1/status-list")
    assert (listed.status_code, listed.mimetype) == (200, "application/statuslist+cwt")
    assert cose.unseal(listed.data).is_signed_by(cose.public_key(cose.point_of(
        {name: key[name] for name in (1, -1, -2, -3)}
    )))  # fmt: skip
    assert cbor2.loads(cose.unseal(listed.data).payload)[2] == "http://localhost/api/v1/status-list"


def test_before_the_first_phone_there_are_none(scene, client):
    assert cbor2.loads(client.get("/.well-known/alliance-keys").data) == []
    assert client.get("/api/v1/status-list").status_code == 404
