"""What people see of the servers behind us."""

from __future__ import annotations

import pytest

from mcp_toolweaver.cli.printing import print_problems, print_statuses
from mcp_toolweaver.core.status import ASLEEP, SourceState, SourceStatus, Timing

TIMING = Timing(queued=9.0, connecting=0.4, listing=0.1)
STATUSES = [
    SourceStatus("github", "mcp_server", SourceState.IDLE, 41, ASLEEP),
    SourceStatus("[jira]", "mcp_server", SourceState.READY, 3, problems=("tool 'x' has [no] name",), timing=TIMING),
]


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_a_server_that_is_asleep_says_when_it_starts(capsys: pytest.CaptureFixture[str]) -> None:
    print_statuses(STATUSES, 44)
    text = shown(capsys)
    assert "github mcp_server idle 41 it starts when a tool" in text
    assert "[jira] mcp_server ready 3 0.5" in text


def test_problems_are_shown_as_they_are_with_their_server(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(STATUSES)
    assert "[jira] tool 'x' has [no] name" in shown(capsys)


def test_without_a_problem_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(STATUSES[:1])
    assert shown(capsys) == "no tool was left out"
