"""A run as tests that continuous integration shows."""

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation import LabelledQuery, MissedNeed, Outcome, Report, Threshold, junit
from tests.unit.evaluation.outcomes import outcome, query

any_text = st.text(st.characters(), min_size=1)


def suite(outcomes: Sequence[Outcome], *thresholds: Threshold) -> ET.Element:
    report = Report.of(outcomes)
    found = ET.fromstring(junit(report, [each.judge(report.overall) for each in thresholds])).find("testsuite")
    assert found is not None
    return found


def failed(element: ET.Element) -> list[str]:
    return [case.attrib["name"] for case in element.iter("testcase") if case.find("failure") is not None]


def test_each_query_is_a_test_that_fails_if_a_need_is_missed() -> None:
    found = suite(
        [
            outcome(query("fine", "a", kind="easy"), "a"),
            outcome(query("half", "a", "b"), "a"),
            outcome(query("lost", "a"), ""),
        ]
    )
    assert (found.attrib["tests"], found.attrib["failures"]) == ("3", "2")
    assert failed(found) == ["id-half: half", "id-lost: lost"]
    assert [case.attrib["classname"] for case in found] == [
        "toolweaver.eval.easy",
        "toolweaver.eval",
        "toolweaver.eval",
    ]


def test_a_query_that_no_tool_serves_fails_if_the_search_did_not_say_so() -> None:
    found = suite([outcome(query("right"), "x", confidence="none"), outcome(query("wrong"), "x", confidence="low")])
    assert failed(found) == ["id-wrong: wrong"]


def test_each_threshold_is_a_test() -> None:
    found = suite([outcome(query("half", "a", "b"), "a")], Threshold("recall@10", 0.5), Threshold("MRR", 1.0))
    assert failed(found) == ["id-half: half"]
    missed = suite([outcome(query("half", "a", "b"), "a")], Threshold("recall@10", 0.6))
    assert failed(missed) == ["id-half: half", "recall@10 at least 0.6"]


def test_a_failure_says_what_was_wanted_and_why_it_was_missed() -> None:
    report = Report.of([outcome(query("lost", "s::a"), "x")])
    explained = replace(report.failures[0], explained=(MissedNeed("s::a", absent="the server s is not ready"),))
    document = ET.fromstring(junit(replace(report, failures=(explained,)), []))
    failure = document.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "missed s::a"
    assert failure.text is not None
    assert "s::a: the server s is not ready" in failure.text
    assert "got s::x" in failure.text


@given(any_text, any_text, any_text)
def test_any_text_makes_valid_xml(text: str, kind: str, tool: str) -> None:
    """Control characters and lone surrogates included, which XML cannot hold."""
    lost = LabelledQuery(tool, text, ((tool,),), kind)
    found = suite([outcome(lost), outcome(LabelledQuery(text, text, (), kind), "x")])
    assert len(list(found)) == 2
