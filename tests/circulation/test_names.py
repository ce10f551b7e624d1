"""Every figure of a report has a name and a definition, and nothing else has."""

from dataclasses import fields

from alliance.circulation.compared import Unit, unit_of
from alliance.circulation.names import DEFINITIONS, NAMES
from alliance.circulation.report import Report
from tests.cluster import ROOT

FIGURES = [field.name for field in fields(Report)]


def test_every_figure_has_a_name_and_a_definition():
    assert list(NAMES) == FIGURES
    assert list(DEFINITIONS) == FIGURES
    assert len(set(NAMES.values())) == len(set(DEFINITIONS.values())) == len(FIGURES)


def test_the_names_of_measures_are_those_of_the_documentation():
    """A figure that metrics.md defines under the same name must be there."""
    text = (ROOT / "docs" / "metrics.md").read_text()
    for name in ("净核销额", "净核销笔数", "让利额", "让利率", "人均额", "人均额中位数", "复用率", "带动比"):
        assert name in NAMES.values()
        assert f"| {name} |" in text
    for name in ("域内留存率", "自循环占比"):
        assert name in NAMES.values()
        assert f"| {name} |" in text


def test_what_is_not_causal_says_so():
    assert "不代表因果" in DEFINITIONS["paid_per_discount"]


def test_units():
    assert unit_of("paid_per_active_holder_mean_fen") is Unit.FEN
    assert unit_of("zone_retention") is unit_of("enterprise_circularity_baseline") is Unit.SHARE
    assert unit_of("outlet_hhi") is Unit.NUMBER
    assert unit_of("redemptions") is unit_of("active_outlets") is Unit.COUNT
    floats = {field.name for field in fields(Report) if field.type != "int" and field.type is not int}
    assert {name for name in FIGURES if unit_of(name) in (Unit.SHARE, Unit.NUMBER)} == {
        name for name in floats if not name.endswith("_fen")
    }
