"""What the documents list is what there is."""

import re
import textwrap
from datetime import UTC, datetime, timedelta
from inspect import isfunction
from pathlib import Path
from typing import Any

from alliance.circulation import measures
from alliance.circulation.export import SCHEMA
from alliance.config import Settings
from alliance.refused import Reason
from alliance.store import new_id
from alliance.web.api.problems import STATUS_OF_FAULT
from alliance.web.errors import status_of
from alliance.web.words import Fault
from alliance.webhooks.models import EventType
from alliance.webhooks.signing import Sealer, signed_headers
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


def test_export_lists_every_column_with_its_type() -> None:
    table = re.findall(r"^\| `(\w+)` \| (\w+) \|", (DOCS / "export.md").read_text(), re.M)
    types = {"string": "text", "int64": "integer", "date32[day]": "date"}
    assert table == [(field.name, types.get(str(field.type), "timestamp")) for field in SCHEMA]


def test_the_metrics_name_every_measure_and_no_other() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]+ \|$", (DOCS / "metrics.md").read_text(), re.M
    )
    named = {name for code in rows for name in re.findall(r"`(\w+)`", code)}
    own = vars(measures).items()
    defined = {name for name, value in own if isfunction(value) and value.__module__ == measures.__name__}
    assert named == {name for name in defined if not name.startswith("_")}


def test_the_sources_of_the_metrics_are_used_and_there() -> None:
    text, sources = (DOCS / "metrics.md").read_text().split("\n## Sources\n")
    listed = re.findall(r"^(\d+)\. ", sources, re.M)
    assert listed == [str(number) for number in range(1, len(listed) + 1)]
    assert set(re.findall(r"\[(\d+)\]", text)) == set(listed)


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_paths_named_in_the_architecture_exist() -> None:
    text = (DOCS / "architecture.md").read_text()
    for path in re.findall(r"`((?:\w+/)+\w+\.(?:py|js))`", text):
        places = [ROOT / path, ROOT / "alliance" / path]
        assert any(Path(place).exists() for place in places), path


def test_the_events_of_webhooks_are_listed() -> None:
    text = (DOCS / "webhooks.md").read_text()
    assert re.findall(r"^\| `([\w.]+)` \|", text, re.M) == [str(type_) for type_ in EventType]


def test_the_code_that_verifies_a_webhook_verifies() -> None:
    text = (DOCS / "webhooks.md").read_text()
    code = text.split("## Verifying\n")[1].split("\nAfter")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)
    sealer, body, at = Sealer("installation"), b'{"a":1}', datetime.now(UTC)
    (secret, sealed), (_, other) = sealer.new_secret(), sealer.new_secret()
    headers = signed_headers([sealer.unseal(other), sealer.unseal(sealed)], new_id(), body, at)
    assert names["verify"](secret, headers, body)
    assert not names["verify"](secret, headers, body + b" ")
    old = signed_headers([sealer.unseal(sealed)], new_id(), body, at - timedelta(minutes=6))
    assert not names["verify"](secret, old, body)
