"""What the documents list is what there is."""

import re
from pathlib import Path

from alliance.config import Settings
from alliance.refused import Reason
from alliance.web.api.problems import STATUS_OF_FAULT
from alliance.web.errors import status_of
from alliance.web.words import Fault
from tests.cluster import ROOT

DOCS = ROOT / "docs"


def test_the_api_lists_every_reason_with_its_status() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", (DOCS / "api.md").read_text(), re.M))
    assert table.keys() == {str(reason) for reason in (*Reason, *Fault)}
    for reason in Reason:
        assert int(table[reason]) == status_of(reason)
    for fault, status in STATUS_OF_FAULT.items():
        assert int(table[fault]) == status


def test_the_example_till_is_short_and_named() -> None:
    assert len((DOCS / "pos_client.py").read_text().splitlines()) <= 100
    assert "(pos_client.py)" in (DOCS / "api.md").read_text()


def test_operating_lists_every_setting() -> None:
    text = (DOCS / "operating.md").read_text()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias.choices[0] if alias is not None else f"ALLIANCE_{name.upper()}"
        assert f"`{variable}`" in text, variable


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_paths_named_in_the_architecture_exist() -> None:
    text = (DOCS / "architecture.md").read_text()
    for path in re.findall(r"`((?:\w+/)+\w+\.(?:py|js))`", text):
        places = [ROOT / path, ROOT / "alliance" / path]
        assert any(Path(place).exists() for place in places), path
