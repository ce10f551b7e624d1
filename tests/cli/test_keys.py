"""`alliance keys` and `alliance device`."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from alliance.accounts import sign_in
from alliance.accounts.grants import find_or_create_account
from alliance.accounts.models import SignIn
from alliance.cli import main
from alliance.passes.keys import Keyring
from alliance.passes.models import DeviceRevocation, PassDevice, SigningKey
from alliance.web import SIGNED_IN_FOR
from tests.processes import SECRET, environment
from tests.world import World


@pytest.fixture
def world(session) -> World:
    world = World(session)
    world.keyring = Keyring(SECRET)
    world.phone()
    session.commit()
    return world


@pytest.fixture
def run(world, database_url, tmp_path, monkeypatch):
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def test_keys_are_listed_rotated_and_dropped(run, session):
    kid = session.scalars(select(SigningKey.kid)).one().hex()
    session.commit()
    assert f"{kid}  2026-03-04 12:00  正在签发" in run("keys", "list").stdout
    assert "请先 rotate" in run("keys", "drop", kid).stderr
    assert "起签发" in run("keys", "rotate").stdout
    listed = run("keys", "list").stdout.splitlines()
    assert ["已公布" in line for line in listed] == [True, False]
    assert "才失效" in run("keys", "drop", kid).stderr
    assert run("keys", "drop", kid, "--compromised").exit_code == 0
    assert "已停用" in run("keys", "list").stdout
    assert "没有编号为" in run("keys", "drop", "00").stderr


def test_a_device_is_listed_and_removed_with_its_session(run, world, session):
    account = find_or_create_account(session, world.mechanic.phone, "x", world.at)
    here = sign_in.start(session, account.id, "test", world.at, SIGNED_IN_FOR)
    device = session.scalars(select(PassDevice)).one()
    device.sign_in_id = here
    session.commit()
    short = device.key_id.hex()[:16]
    assert short in run("device", "list", "13800000001").stdout
    assert "没有编号以" in run("device", "remove", "13800000001", "ffff", "--reason", "丢失").stderr
    assert run("device", "remove", "13800000001", short, "--reason", "丢失").exit_code == 0
    session.expire_all()
    assert session.get_one(DeviceRevocation, device.key_id).reason == "丢失"
    assert session.get_one(SignIn, here).revoked_at is not None
    assert "已移除" in run("device", "list", "138 0000 0001").stdout
    assert "没有这个手机号" in run("device", "list", "13800000009").stderr
    assert "不是手机号" in run("device", "list", "x").stderr
