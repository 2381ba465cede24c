"""Long work says now and then how far it is; short work says nothing."""

from __future__ import annotations

import logging

import pytest

from mcp_toolweaver.telemetry.progress import ProgressLog


def logged(caplog: pytest.LogCaptureFixture, *notes: tuple[float, int, int]) -> list[str]:
    """Return what is logged of notes: seconds, done, total."""
    now = 0.0
    log = ProgressLog("embedded", "tools", clock=lambda: now)
    with caplog.at_level(logging.INFO):
        for seconds, done, total in notes:
            now = seconds
            log.note(done, total)
    return caplog.messages


def test_long_work_is_mentioned_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    notes = [(1.0 + second, 100 * second, 10_000) for second in range(21)]
    assert logged(caplog, *notes) == [
        "embedded 1,000 of 10,000 tools, about 90 s left",
        "embedded 2,000 of 10,000 tools, about 80 s left",
    ]


def test_short_work_is_not_mentioned_nor_the_end_of_long_work(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, (0, 0, 100), (9.9, 50, 100), (12, 100, 100)) == []


def test_work_that_begins_anew_counts_from_then(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, (0, 0, 9), (5, 9, 9), (600, 0, 9), (605, 3, 9), (609, 4, 9)) == []
    assert logged(caplog, (0, 0, 9), (700, 0, 9), (1000, 1, 9)) == ["embedded 1 of 9 tools, about 40 min left"]
