"""Whatever the code records has plain words: read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_babel import force_locale

from alliance.audit import trail
from alliance.cli.imports import import_group
from alliance.imports.run import Outcome
from alliance.web.audit_words import ACTIONS, DETAILS, action_words, detail_words
from tests.cluster import ROOT

#: The functions of ``trail`` that make an entry: each call says which action it is.
WRITING = ("record", "recorded")
#: The parameters of ``record``; everything else by name is the entry's detail.
NAMED = ("session", "by", "action", "subject", "at", "enterprise_id")


def calls() -> Iterator[tuple[Path, ast.Call, ast.FunctionDef]]:
    """Every call of ``record`` or of a function that is called after it, with the function it stands in."""
    for path in sorted((ROOT / "alliance").rglob("*.py")):
        source = path.read_text()
        if "import" not in source or "record" not in source or path == Path(str(trail.__file__)):
            continue
        if not any("alliance.audit.trail" in line and "record" in line for line in source.splitlines()):
            continue
        for function in ast.walk(ast.parse(source)):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if (
                        isinstance(node, ast.Call)
                        and isinstance(node.func, ast.Name)
                        and "record" in node.func.id
                    ):
                        yield path, node, function


def actions() -> Iterator[str]:
    """The actions that are recorded; fails at one that cannot be read."""
    kinds = list(import_group.commands)
    for path, call, function in calls():
        found = [node for node in (*call.args, *(word.value for word in call.keywords)) if _is_action(node)]
        if any(isinstance(node, ast.Name) and node.id == "action" for node in found):
            # Handed on: the callers say which, and are read too.
            assert "action" in [argument.arg for argument in function.args.args], (path, call.lineno)
            assert "record" in function.name, (
                f"{path}:{call.lineno}: call it …record…, so that callers are read"
            )
            continue
        if call.func.id not in WRITING and not found:  # type: ignore[attr-defined]
            continue
        assert len(found) == 1, f"{path}:{call.lineno}: which action is this?"
        [node] = found
        if isinstance(node, ast.JoinedStr):
            assert node.values[0].value == "import."  # type: ignore[attr-defined]
            yield from (f"import.{kind}" for kind in kinds)
        else:
            yield node.value  # type: ignore[attr-defined]


def _is_action(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "action"
    if isinstance(node, ast.JoinedStr):
        return getattr(node.values[0], "value", None) == "import."
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    noun, dot, verb = node.value.partition(".")
    return bool(dot) and noun.replace("_", "").isalpha() and verb.replace("_", "").isalpha()


def test_the_code_is_read() -> None:
    assert {"redemption.redeem", "grant.give", "offer.approve", "import.roster"} <= set(actions())


def test_every_action_has_words_in_both_languages(app) -> None:
    assert sorted(set(actions()) - ACTIONS.keys()) == []
    for language, is_plain in (("zh_Hans_CN", lambda words: not words.isascii()), ("en", str.isascii)):
        with app.test_request_context(), force_locale(language):
            assert [action for action in ACTIONS if not is_plain(action_words(action))] == []


def test_every_particular_has_words() -> None:
    names = {word.arg for _, call, _ in calls() for word in call.keywords if word.arg} - set(NAMED)
    assert {"paid_fen", "reason"} <= names
    assert sorted((names | set(Outcome)) - DETAILS.keys()) == []


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({}, ""),
        ({"offer": "NAI-01", "paid_fen": 800}, "优惠编号 NAI-01，实付 ¥8.00"),
        ({"account": 7, "role": "cashier"}, "账号编号 7，身份 收银员"),
        ({"key": "ab" * 32, "reason": "by_organizer"}, "手机编号 abababababab，原因 主办方移除"),
        ({"reason": "手机丢了"}, "原因 手机丢了"),
        # What an earlier version recorded is shown, if not as nicely.
        ({"sha256": "ab" * 32, "elsewhere": 1}, "文件摘要 abababababab，elsewhere 1"),
    ],
)
def test_particulars_in_words(app, detail, words) -> None:
    with app.test_request_context():
        assert detail_words(detail) == words
