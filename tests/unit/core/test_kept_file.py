"""A small file is written once, and all who start at once get what is in it."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_toolweaver.core.kept_file import keep_once

KEEP = """
import sys
from pathlib import Path
from mcp_toolweaver.core.kept_file import keep_once
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    print(keep_once(Path(sys.argv[1]) / str(number), sys.argv[2]), flush=True)
"""


def test_the_first_value_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "secret"
    assert keep_once(path, "first") == "first"
    assert keep_once(path, "second") == "first"
    assert path.read_text(encoding="utf-8") == "first"


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    for value in ("first", "second"):
        keep_once(tmp_path / "secret", value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "private" / "secret"
    keep_once(path, "value")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_somebody_wrote_by_hand_counts_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  by hand\n", encoding="utf-8")
    assert keep_once(tmp_path / "secret", "value") == "by hand"


@pytest.mark.parametrize("left", [b"", b"\n", b"  \r\n\t"])
def test_an_empty_file_which_a_crash_left_is_filled(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(left)
    path.chmod(0o644)
    assert keep_once(path, "value") == "value"
    assert keep_once(path, "other") == "value"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_holds_no_text_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnicodeError):
        keep_once(tmp_path / "secret", "value")
    assert (tmp_path / "secret").read_bytes() == b"\xff\xfe\x00"


@pytest.mark.parametrize("path", ["file/secret", "file/deeper/secret", "folder"])
def test_where_nothing_can_be_kept_is_an_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"file|folder"):
        keep_once(tmp_path / path, "value")
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["file", "folder"]


def test_all_threads_that_start_at_once_get_the_same(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def keep(number: int, value: str) -> str:
        barrier.wait(20)
        return keep_once(tmp_path / str(number), value)

    with ThreadPoolExecutor(8) as threads:
        for number in range(50):
            assert len(set(threads.map(keep, [number] * 8, "abcdefgh"))) == 1
    assert len(list(tmp_path.iterdir())) == 50


def test_all_processes_that_start_at_once_get_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEEP, str(tmp_path)]
    processes = [
        subprocess.Popen([*command, f"value {number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert len(answers[0]) == 20
    assert answers == [answers[0]] * 4
    assert [(tmp_path / str(number)).read_text(encoding="utf-8") for number in range(20)] == answers[0]
