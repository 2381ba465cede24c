"""Each process that serves leaves a small file, and what the dead left is not believed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_toolweaver.telemetry.report import Report, decode, encode
from mcp_toolweaver.telemetry.status_files import StatusFile, reports
from mcp_toolweaver.telemetry.timeline import Moment, State, Step

REPORT = Report(
    pid=7,
    since="2026-11-21T20:15:00+00:00",
    version="1.0",
    configuration="/home/me/mcp.json",
    is_ready=True,
    steps=(Moment(Step.WORDS, State.DONE, 0.5), Moment(Step.MODEL, State.FAILED, None, "it is broken")),
    tools=5,
    embedded=4,
    engine="embedded",
    degraded=("query model ready: it is broken",),
)
WRITE_AND_HANG = """
import sys, time
from pathlib import Path
from mcp_toolweaver.telemetry.report import decode
from mcp_toolweaver.telemetry.status_files import StatusFile
file = StatusFile(Path(sys.argv[1]))
file.write(decode(sys.argv[2].encode()))
print("written", flush=True)
time.sleep(20)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "run"


def test_a_report_is_the_same_after_it_was_written() -> None:
    assert decode(encode(REPORT)) == REPORT


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\x00", b'{"pid": 7}', encode(REPORT)[:-9]])
def test_what_is_no_report_of_ours_is_none(data: bytes) -> None:
    assert decode(data) is None


def test_the_newest_report_of_each_process_is_seen_and_only_while_it_lives(folder: Path) -> None:
    assert list(reports(folder)) == []
    one, other = StatusFile(folder), StatusFile(folder)
    other.write(replace(REPORT, pid=8))
    one.write(REPORT)
    one.write(replace(REPORT, tools=6))
    assert list(reports(folder)) == [replace(REPORT, tools=6), replace(REPORT, pid=8)]
    one.close()
    assert list(reports(folder)) == [replace(REPORT, pid=8)]
    other.close()
    assert list(folder.iterdir()) == []


def test_others_cannot_read_it(folder: Path) -> None:
    file = StatusFile(folder)
    file.write(REPORT)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.iterdir()} == {0}
    file.close()


def test_what_a_killed_process_left_is_ignored_and_removed(folder: Path) -> None:
    command = [sys.executable, "-c", WRITE_AND_HANG, str(folder), encode(REPORT).decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        assert list(reports(folder)) == [REPORT]
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(list(folder.iterdir())) == 2
        assert list(reports(folder)) == []
    assert list(folder.iterdir()) == []


def test_a_file_without_its_lock_is_of_a_dead_process_whoever_has_its_number_now(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / f"{os.getpid()}-0123abcd.json").write_bytes(encode(replace(REPORT, pid=os.getpid())))
    (folder / "notes.txt").write_text("mine")
    assert list(reports(folder)) == []
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_process_that_starts_removes_what_the_dead_left(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "1-0123abcd.json").write_bytes(encode(REPORT))
    file = StatusFile(folder)
    file.write(REPORT)
    assert len(list(folder.glob("*.json"))) == 1
    file.close()


def test_a_damaged_report_of_a_living_process_hides_no_other(folder: Path) -> None:
    damaged, fine = StatusFile(folder), StatusFile(folder)
    damaged.write(REPORT)
    [path] = folder.glob("*.json")
    fine.write(replace(REPORT, pid=8))
    path.write_bytes(b"{")
    assert list(reports(folder)) == [replace(REPORT, pid=8)]
    damaged.close()
    fine.close()


def test_what_cannot_be_written_is_logged_once_and_raises_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    file = StatusFile(tmp_path / "file" / "run")
    file.write(REPORT)
    file.write(replace(REPORT, tools=6))
    file.close()
    assert len(caplog.messages) == 1
    assert "cannot be written" in caplog.messages[0]


def test_a_report_that_is_just_being_read_is_replaced_a_moment_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on Windows, where a file that is open cannot be replaced."""
    readers, replace_file = [1, 2, 3], Path.replace

    def replaced(path: Path, target: Path) -> Path:
        if readers:
            readers.pop()
            raise PermissionError(13, "Access is denied")
        return replace_file(path, target)

    monkeypatch.setattr(Path, "replace", replaced)
    file = StatusFile(folder)
    assert file.write(REPORT)
    assert list(reports(folder)) == [REPORT]
    assert caplog.messages == []
    file.close()


def test_whether_a_report_stands_there_is_said_so_that_it_is_written_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(_path: Path, _target: Path) -> Path:
        raise PermissionError(13, "Access is denied")

    file = StatusFile(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replaced)
        assert not file.write(REPORT)
    assert file.write(REPORT)
    assert file.write(REPORT)
    assert list(reports(folder)) == [REPORT]
    file.close()
    assert not file.write(REPORT)


def test_after_it_was_closed_nothing_is_written(folder: Path) -> None:
    """As by a thread that its caller has left behind."""
    file = StatusFile(folder)
    file.write(REPORT)
    file.close()
    file.write(replace(REPORT, tools=6))
    assert list(folder.iterdir()) == []
