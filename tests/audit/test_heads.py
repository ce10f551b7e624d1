"""Heads of the chain: of a day, and in a file beside the database."""

from datetime import date, timedelta

import pytest

from alliance.audit.heads import append_heads, head_of, read_heads
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, record
from alliance.store import Session, for_writing
from tests.world import NOON

DAY = date(2026, 3, 4)


@pytest.fixture
def trail(session: Session) -> Session:
    """Two seals on 4 March, one two days later; the last at the first moment of that day in Shanghai."""
    for_writing(session)
    for at in (NOON, NOON + timedelta(hours=11), NOON + timedelta(days=1, hours=12)):
        record(session, COMMAND_LINE, "pass.revoke", "pass:1", at)
        seal(session, at)
    session.commit()
    return session


def test_the_head_of_a_day_is_its_last_seal(trail) -> None:
    heads = [head_of(trail, DAY + timedelta(days=days)) for days in range(4)]
    assert [head and (head.number, head.date) for head in heads] == [
        (2, DAY), None, (3, date(2026, 3, 6)), None,
    ]  # fmt: skip


def test_each_day_that_is_over_is_written_once(trail, tmp_path) -> None:
    path, evening = tmp_path / "instance" / "heads.jsonl", NOON + timedelta(hours=11)
    assert append_heads(trail, path, evening) == 0
    # Ten minutes after midnight, not at once.
    assert append_heads(trail, path, NOON + timedelta(hours=12, minutes=9)) == 0
    assert append_heads(trail, path, NOON + timedelta(hours=12, minutes=10)) == 1
    assert [append_heads(trail, path, NOON + timedelta(days=days)) for days in (2, 2, 3, 9)] == [0, 0, 1, 0]
    heads = read_heads(path)
    assert [(head.date, head.number) for head in heads] == [(DAY, 2), (date(2026, 3, 6), 3)]
    assert heads == [head_of(trail, head.date) for head in heads]


def test_a_line_without_its_end_is_written_again(trail, tmp_path) -> None:
    path, later = tmp_path / "heads.jsonl", NOON + timedelta(days=9)
    append_heads(trail, path, later)
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert append_heads(trail, path, later) == 1
    assert path.read_text() == whole


@pytest.mark.parametrize(
    "line", ["not json\n", "{}\n", '{"date": "2026-03-04", "number": 1, "digest": "x"}\n']
)
def test_anything_else_in_the_file_is_refused(trail, tmp_path, line) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text(line)
    with pytest.raises(ValueError, match="line 1"):
        append_heads(trail, path, NOON + timedelta(days=9))
    assert path.read_text() == line
