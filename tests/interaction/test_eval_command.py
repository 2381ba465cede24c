"""``toolweaver eval`` as a person or a pipeline runs it, by words alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.interaction.servers import environment

TOOLS = [
    {"server": "tracker", "name": "create_issue", "description": "Create an issue in a repository."},
    {"server": "tracker", "name": "close_issue", "description": "Close an issue that is done."},
    {"server": "chat", "name": "send_message", "description": "Send a message to a channel."},
    {"server": "pay", "name": "refund_payment", "description": "Give money back to a customer."},
    *({"server": "misc", "name": f"thing{number}", "description": f"Does thing {number}."} for number in range(20)),
]
QUERIES: list[dict[str, Any]] = [
    {"id": "issue", "query": "create an issue", "needs": [["tracker::create_issue"]]},
    {"id": "ticket-1", "query": "open a grievance about the login", "needs": [["tracker::create_issue"]]},
    {"id": "ticket-2", "query": "file a grievance, the site crashes", "needs": [["tracker::create_issue"]]},
    {"id": "message", "query": "send a message", "needs": [["chat::send_message"]]},
    {"id": "weather", "query": "will it rain", "needs": []},
]


@pytest.fixture
def labelled(tmp_path: Path) -> list[str]:
    """Write a small catalog and its queries; return the options that name them."""
    catalog, queries = tmp_path / "tools.jsonl", tmp_path / "queries.jsonl"
    catalog.write_text("".join(f"{json.dumps(tool)}\n" for tool in TOOLS), encoding="utf-8")
    queries.write_text("".join(f"{json.dumps(query)}\n" for query in QUERIES), encoding="utf-8")
    return ["--catalog", str(catalog), "--queries", str(queries), "--words-only"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``toolweaver eval`` with its data in a folder of the test."""
    command = [sys.executable, "-m", "mcp_toolweaver", "eval", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(folder, COLUMNS="120"), timeout=90, check=False
    )


def test_means_come_with_intervals_and_failures_with_reasons(tmp_path: Path, labelled: list[str]) -> None:
    done = run(tmp_path, *labelled, "--failures", "5")
    assert done.returncode == 0, done.stderr
    assert "0.0 to 100.0" in done.stdout
    assert "missed tracker::create_issue: open a grievance about the login" in done.stdout
    assert "its text has no word of the query" in done.stdout


def test_words_are_suggested_and_their_effect_is_measured(tmp_path: Path, labelled: list[str]) -> None:
    done = run(tmp_path, *labelled, "--aliases")
    assert "tracker::create_issue: grievance  (2 queries, nDCG@10 +100.0)" in done.stdout
    assert "all other queries together: +0.0 points" in done.stdout
    report = json.loads(run(tmp_path, *labelled, "--aliases", "--json").stdout)
    assert {"grievance"} == {alias["word"] for alias in report["aliases"] if not alias["weak"]}
    assert report["alias_effect"]["gaining"][0]["gain"] == 1.0


def test_thresholds_decide_the_exit_status(tmp_path: Path, labelled: list[str]) -> None:
    passed = run(tmp_path, *labelled, "--fail-under", "recall@10=0.5")
    assert (passed.returncode, passed.stderr) == (0, "")
    assert "recall@10 is 0.5000, at least 0.5" in passed.stdout
    failed = run(tmp_path, *labelled, "--fail-under", "recall@10=50%", "--fail-under", "mrr=0.6", "--json")
    assert failed.returncode == 1
    assert failed.stderr == "toolweaver: MRR is 0.5000, below 0.6\n"
    assert [each["passed"] for each in json.loads(failed.stdout)["thresholds"]] == [True, False]


def test_a_pipeline_gets_junit_xml(tmp_path: Path, labelled: list[str]) -> None:
    file = tmp_path / "junit.xml"
    run(tmp_path, *labelled, "--junit", str(file), "--fail-under", "mrr=0.6")
    suite = ET.parse(file).getroot().find("testsuite")
    assert suite is not None
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("6", "3")


def test_a_run_is_compared_with_its_own_report(tmp_path: Path, labelled: list[str]) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(run(tmp_path, *labelled, "--json").stdout, encoding="utf-8")
    done = run(tmp_path, *labelled, "--compare", str(saved))
    assert done.returncode == 0, done.stderr
    assert "no more difference than chance explains (p = 1.000)" in done.stdout


@pytest.mark.parametrize("settings", ["search.meaning_weight=0.9", "other.json"])
def test_a_run_is_compared_with_other_settings(tmp_path: Path, labelled: list[str], settings: str) -> None:
    (tmp_path / "other.json").write_text('{"toolweaver": {"search": {"meaning_weight": 0.1}}}', encoding="utf-8")
    other = settings if "=" in settings else str(tmp_path / settings)
    report = json.loads(run(tmp_path, *labelled, "--compare", other, "--json").stdout)
    assert report["comparison"]["other"] == other
    assert report["comparison"]["queries"] == 5
    assert report["comparison"]["differences"]["nDCG@10"]["p"] == 1.0


def test_the_tools_of_the_configured_servers_are_measured(tmp_path: Path, labelled: list[str]) -> None:
    config = tmp_path / "toolweaver.json"
    config.write_text(json.dumps({"sources": [{"kind": "json_file", "name": "c", "path": "tools.jsonl"}]}))
    done = run(tmp_path, *labelled[2:], "--config", str(config), "--json")
    assert json.loads(done.stdout)["metrics"]["recall@10"] == 0.5


def test_text_that_nobody_can_print_does_no_harm(tmp_path: Path, labelled: list[str]) -> None:
    """A lone surrogate and control characters, in a query that fails."""
    odd = {
        "id": "odd\u0007",
        "query": "x \ud800 \u001b[31m [red]",
        "needs": [["pay::refund_payment"]],
        "kind": "\ud801",
    }
    Path(labelled[3]).write_text(f"{json.dumps(odd)}\n{json.dumps(QUERIES[0])}\n", encoding="utf-8")
    file = tmp_path / "junit.xml"
    shown = run(tmp_path, *labelled, "--failures", "3", "--aliases", "--junit", str(file))
    assert shown.returncode == 0, shown.stderr
    assert "missed pay::refund_payment: x [red]" in shown.stdout
    assert len(list(ET.parse(file).iter("testcase"))) == 2
    assert json.loads(run(tmp_path, *labelled, "--json").stdout)["failures"][0]["id"] == "odd\u0007"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--metric", "speed"], "no metric 'speed'; use one of recall@1"),
        (["--fail-under", "nDCG@10"], "write METRIC=VALUE"),
        (["--fail-under", "nDCG@10=60"], "a number from 0 to 1, or a percentage"),
        (["--compare", "search.meaning_weigt=0.3"], "did you mean meaning_weight?"),
        (["--compare", "search.meaning_weight=3"], "should be less than or equal to 1"),
        (["--compare", "nowhere.json"], "nowhere.json: cannot be read"),
        (["--compare", "a", "--compare", "b"], "one file at most"),
        (["--compare", "odd.json"], "odd.json: is not valid JSON"),
        (["--compare", "part.json"], "holds no scores of single queries"),
        (["--compare", "part.json", "--compare", "log_level=info"], "is a saved report"),
        (["--compare", "wrong.json"], "meaning_weight"),
        (["--tune"], "this search was by words alone"),
        (["--junit", "no/such/folder.xml"], "cannot be written"),
    ],
)
def test_mistakes_get_one_clear_line(tmp_path: Path, labelled: list[str], arguments: list[str], complaint: str) -> None:
    (tmp_path / "odd.json").write_text("odd", encoding="utf-8")
    (tmp_path / "part.json").write_text('{"metrics": {}}', encoding="utf-8")
    (tmp_path / "wrong.json").write_text('{"toolweaver": {"search": {"meaning_weight": "much"}}}', encoding="utf-8")
    named = [str(tmp_path / each) if each.endswith((".json", ".xml")) else each for each in arguments]
    done = run(tmp_path, *labelled, *named)
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_any_tools_it_says_how_to_name_some(tmp_path: Path, labelled: list[str]) -> None:
    config = tmp_path / "empty.json"
    config.write_text('{"mcpServers": {}}', encoding="utf-8")
    done = run(tmp_path, *labelled[2:], "--config", str(config))
    assert done.returncode == 2
    assert "--catalog PATH" in done.stderr
