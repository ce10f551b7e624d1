"""The English catalogue: complete, nothing left over, and English."""

import re
import tomllib
from collections import Counter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from tests.cluster import ROOT

ENGLISH = ROOT / "alliance" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
#: As ``make messages`` says it.
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
#: Placeholders as ``%`` fills them; a lone per cent sign would end a page with an error.
PLACEHOLDER = re.compile(r"%\(\w+\)s|%")
#: Han characters, and the punctuation that stands with them only.
CHINESE = re.compile(r"[\u2e80-\u2fdf\u3000-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
#: English texts that have to have Chinese in them, with the reason. There is none.
MAY_BE_CHINESE: dict[str, str] = {}


@pytest.fixture(scope="module")
def texts() -> Catalog:
    """What the code says today, with the mappings that ``make messages`` reads."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    methods = [(each["pattern"], each["method"]) for each in settings["tool"]["babel"]["mappings"]]
    found = Catalog()
    for _, _, message, comments, context in extract_from_dir(ROOT / "alliance", methods, keywords=KEYWORDS):
        found.add(message, auto_comments=comments, context=context)
    return found


@pytest.fixture(scope="module")
def english() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def messages(catalogue: Catalog) -> dict[tuple[str | None, object], Message]:
    return {(message.context, message.id): message for message in catalogue if message.id}


def test_the_code_has_texts(texts):
    assert len(messages(texts)) > 300


def test_every_text_is_in_the_catalogue_and_no_other(texts, english):
    """After a change of texts: ``make messages``, and translate what is empty."""
    assert sorted(messages(texts).keys() - messages(english).keys(), key=str) == []
    assert sorted(messages(english).keys() - messages(texts).keys(), key=str) == []
    assert list(english.obsolete) == []


def test_every_text_is_translated(english):
    assert [message.id for message in messages(english).values() if not message.string] == []
    assert [message.id for message in messages(english).values() if message.fuzzy] == []
    assert not english.fuzzy


def test_the_placeholders_are_the_same(english):
    for message in messages(english).values():
        assert isinstance(message.string, str), "no text has a plural form; this test knows none"
        wanted = Counter(PLACEHOLDER.findall(str(message.id)))
        assert Counter(PLACEHOLDER.findall(message.string)) == wanted, message.id
        assert list(message.check(english)) == [], message.id


def test_the_english_is_english(english):
    chinese = {
        str(message.id) for message in messages(english).values() if CHINESE.search(str(message.string))
    }
    assert chinese == MAY_BE_CHINESE.keys()


def test_the_english_keeps_the_manner_of_the_house(english):
    """Nobody is shouted at, and a text ends as the Chinese one ends."""
    for message in messages(english).values():
        text = str(message.string)
        assert "!" not in text, message.id
        assert text == " ".join(text.split()) or text == ", ", message.id
        assert text.endswith(".") == str(message.id).endswith("。"), message.id


def test_scripts_have_no_words_of_their_own():
    """What they show comes from the page, in its language."""
    scripts = list((ROOT / "alliance" / "assets" / "js").rglob("*.js"))
    assert scripts
    assert [path.name for path in scripts if CHINESE.search(path.read_text(encoding="utf-8"))] == []
