"""What single queries got is kept in a report and read back from it."""

import json
from typing import Any

import pytest

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation import Report, from_report, scored_by_id
from tests.unit.evaluation.outcomes import outcome, query

OUTCOMES = [
    outcome(query("one", "a"), "x a"),
    outcome(query("two"), "x", confidence="none"),
    outcome(query("three", "a", "b", "c"), "a", confidence="low"),
]


def written() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(Report.of(OUTCOMES).to_json()))
    return document


def test_a_report_gives_back_what_each_query_got() -> None:
    read, kept = from_report(written(), name="r.json"), scored_by_id(OUTCOMES)
    assert list(read) == ["id-one", "id-two", "id-three"]
    for id_, scored in read.items():
        assert scored.fingerprint == kept[id_].fingerprint
        assert scored.abstained == kept[id_].abstained
        assert dict(scored.scores) == pytest.approx(dict(kept[id_].scores), abs=1e-4)
    assert read["id-two"].scores == {}
    assert read["id-two"].abstained


def test_the_fingerprint_changes_with_text_and_labels() -> None:
    variants = [query("one", "a", id_="q"), query("One", "a", id_="q"), query("one", "b", id_="q"), query("one")]
    prints = {scored_by_id([outcome(each)])[each.id].fingerprint for each in variants}
    assert len(prints) == 4


@pytest.mark.parametrize(
    "report",
    [
        None,
        [],
        {},
        {"metrics": {}},
        {"per_query": []},
        {"per_query": {"fields": ["other"], "rows": {}}},
        {"per_query": {"fields": written()["per_query"]["fields"], "rows": []}},
        {"per_query": {"fields": written()["per_query"]["fields"], "rows": {"q": [1]}}},
        {"per_query": {"fields": written()["per_query"]["fields"], "rows": {"q": ["f", *[2.0] * 7, 0]}}},
        {"per_query": {"fields": written()["per_query"]["fields"], "rows": {"q": ["f", *["x"] * 7, 0]}}},
    ],
)
def test_what_is_no_report_is_refused_with_the_fix(report: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"r\.json.*--json has written"):
        from_report(report, name="r.json")
