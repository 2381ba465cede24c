"""What people read about a process that serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mcp_toolweaver.cli.status_printing import print_report, span
from mcp_toolweaver.telemetry.report import Report
from mcp_toolweaver.telemetry.timeline import Moment, State, Step

REPORT = Report(
    pid=4711,
    since=(datetime.now(UTC) - timedelta(hours=5)).isoformat(timespec="seconds"),
    version="1.0",
    configuration="/home/me/[mcp].json",
    is_ready=True,
    steps=(Moment(Step.GREETED, State.DONE, 0.684), Moment(Step.WORDS, State.DONE, 0.9)),
    tools=1412,
    embedded=1400,
    engine="embedded",
)


def shown(report: Report, capsys: pytest.CaptureFixture[str]) -> str:
    print_report(report)
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_everything_that_is_known_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(REPORT, capsys)
    for said in (
        "process 4711",
        "5 h ago",
        "/home/me/[mcp].json",
        "ready yes",
        "1,412, 1,400 of them",
        "index embedded",
        "handshake answered 0.68 s",
    ):
        assert said in text
    assert "degraded" not in text


def test_what_waits_or_failed_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (
        Moment(Step.MODEL, State.FAILED, None, "the file [x] is damaged"),
        Moment(Step.VECTORS, State.WAITS, 2.5, "1,200 of 10,000 tools"),
    )
    report = replace(REPORT, is_ready=False, steps=steps, degraded=("query model ready: the file [x] is damaged",))
    text = shown(report, capsys)
    assert "ready not yet" in text
    assert "query model ready failed the file [x] is damaged" in text
    assert "tools embedded 2.50 s waits 1,200 of 10,000 tools" in text
    assert "degraded query model ready: the file [x] is damaged" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_000, "48 h"), (259_200, "3 days")],
)
def test_spans_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text
