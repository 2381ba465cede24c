"""The log of a server: bounded, shared, clean, and without secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mcp_toolweaver.proxy.log_file import LARGEST_LOG, append, log_path, logged_servers, older, set_log_folder
from mcp_toolweaver.proxy.server_log import ServerLog, server_log

KEY = "s3cret-s3cret"


@pytest.fixture
def log(tmp_path: Path) -> ServerLog:
    set_log_folder(tmp_path)
    return server_log("s", [KEY, "short", f"Bearer {KEY[::-1]}", "line one is long\nline two is long"])


def lines_of(folder: Path) -> list[str]:
    """Return the lines of the log without their times."""
    return [line[25:] for line in log_path(folder, "s").read_text(encoding="utf-8").splitlines()]


def test_lines_are_cut_at_line_ends_wherever_the_pieces_end(log: ServerLog, tmp_path: Path) -> None:
    for piece in (b"on", b"e\ntw", b"o\n\nthr", b"ee"):
        log.feed(piece)
    log.finish()
    log.note("ended")
    assert lines_of(tmp_path) == ["| one", "| two", "| three", "# ended"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (KEY, "***"),
        (f"a {KEY}{KEY} b", "a ****** b"),
        (f"token {KEY[::-1]}!", "token ***!"),
        ("x line two is long", "x ***"),
        ("short", "short"),
        ("a\x1b[31mb\u202e\x00c\rd", "abc d"),
        ("y" * 10_000, "y" * 2000),
        ("y" * 1995 + KEY, "y" * 1995 + "***"),
    ],
)
def test_secrets_and_hidden_characters_are_not_shown(log: ServerLog, tmp_path: Path, written: str, shown: str) -> None:
    log.feed(written.encode() + b"\n")
    assert lines_of(tmp_path) == [f"| {shown}"]
    assert log.last_line() == f"the last line of its stderr: {shown[:400]}"


def test_a_secret_is_found_in_two_pieces(log: ServerLog, tmp_path: Path) -> None:
    log.feed(b"is " + KEY[:5].encode())
    log.feed(KEY[5:].encode() + b"\n")
    assert lines_of(tmp_path) == ["| is ***"]


def test_the_rest_of_a_line_that_was_left_out_is_left_out_too(log: ServerLog, tmp_path: Path) -> None:
    log.skip(b"much too much " + KEY[:5].encode())
    log.feed(KEY[5:].encode() + b"\nnext\n")
    assert lines_of(tmp_path) == ["# 19 bytes of stderr were left out: it writes too much too fast", "| next"]


def test_without_a_folder_only_the_last_line_is_kept() -> None:
    log = ServerLog("s")
    log.feed(b"one\ntwo")
    log.note("ended")
    assert log.last_line() == "the last line of its stderr: two"


def test_a_folder_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    set_log_folder(tmp_path / "file")
    log = ServerLog("s")
    log.feed(b"one\n")
    assert log.last_line().endswith("one")


def test_names_of_servers_become_names_of_files_of_their_own(tmp_path: Path) -> None:
    names = ["plain", "Plain-2.0", "a/b", "a_b", "a\\b", "..", "../../etc/passwd", "CON", "nul", "", "é", "x" * 300]
    paths = [log_path(tmp_path, name) for name in names]
    assert len({str(path).lower() for path in paths}) == len(names)
    assert {path.parent for path in paths} == {tmp_path}
    assert all(len(path.name) < 100 for path in paths)
    assert paths[0].name == "plain.log"
    for path in paths:
        append(path, "x\n")
    assert len(logged_servers(tmp_path)) == len(names)


def test_a_log_is_bounded_with_one_older_one(tmp_path: Path) -> None:
    path = log_path(tmp_path, "s")
    for number in range(40):
        append(path, f"{number} " + "x" * 100_000 + "\n")
    assert path.exists()
    assert path.stat().st_size <= LARGEST_LOG + 110_000
    assert older(path).stat().st_size <= LARGEST_LOG + 110_000
    kept = [int(line.split()[0]) for file in (older(path), path) for line in file.read_text().splitlines()]
    assert kept == list(range(kept[0], 40))


def test_two_processes_write_whole_lines_and_lose_none_when_the_files_change(tmp_path: Path) -> None:
    path = log_path(tmp_path, "s")
    program = (
        "import sys, pathlib; from mcp_toolweaver.proxy.log_file import append\n"
        "for number in range(900): append(pathlib.Path(sys.argv[1]), sys.argv[2] * 1000 + '\\n')"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), letter]) for letter in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    lines = [line for file in (older(path), path) for line in file.read_text().splitlines()]
    assert {line[0] * 1000 for line in lines} == {"a" * 1000, "b" * 1000}
    assert all(line in {"a" * 1000, "b" * 1000} for line in lines)
    assert len(lines) == 1800
