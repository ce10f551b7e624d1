"""How codes leave the house."""

import json
import stat

from alliance.accounts.senders import ConsoleSender, OutboxSender, sender_for
from alliance.config import Settings
from tests.world import NOON

PHONE = "+8613812345678"


def test_the_console_shows_the_code_and_masks_the_phone(capsys):
    ConsoleSender().send(PHONE, "012345", NOON)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "012345" in shown.err
    assert "138****5678" in shown.err
    assert "13812345678" not in shown.err


def test_the_outbox_gets_one_line_a_code_and_only_its_owner_reads_it(tmp_path):
    outbox = OutboxSender(tmp_path / "instance" / "outbox.jsonl")
    outbox.send(PHONE, "012345", NOON)
    outbox.send(PHONE, "678901", NOON)
    lines = [json.loads(line) for line in outbox.path.read_text().splitlines()]
    assert [line["code"] for line in lines] == ["012345", "678901"]
    assert lines[0] == {"phone": PHONE, "code": "012345", "at": "2026-03-04T04:00:00+00:00"}
    assert stat.S_IMODE(outbox.path.stat().st_mode) == 0o600


def test_the_settings_choose_the_sender(tmp_path):
    settings = Settings(secret_key="x", instance_path=tmp_path, code_sender="outbox")
    sender = sender_for(settings)
    assert isinstance(sender, OutboxSender)
    assert sender.path == tmp_path / "outbox.jsonl"
    settings.code_sender = "console"
    assert isinstance(sender_for(settings), ConsoleSender)
