"""The streams that a host speaks over: pipes and sockets in the event loop, whatever else in threads."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.server.host_pipes import HostInput, HostOutput

pytestmark = pytest.mark.anyio

_LARGE = "ä" * 1_000_000


@contextmanager
def _pair(kind: str) -> Generator[tuple[int, int]]:
    """Yield an end to read from and one to write to."""
    if kind == "pipe":
        reading, writing = os.pipe()
    else:
        one, other = socket.socketpair()
        reading, writing = one.detach(), other.detach()
    try:
        yield reading, writing
    finally:
        for end in (reading, writing):
            try:
                os.close(end)
            except OSError:
                continue  # a test has closed it


def _never() -> None:
    pytest.fail("the host was taken for gone")


def _read_all(descriptor: int) -> bytes:
    parts: list[bytes] = []
    while chunk := os.read(descriptor, 65_536):
        parts.append(chunk)
    return b"".join(parts)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
async def test_lines_come_whole_however_they_are_cut(kind: str) -> None:
    with _pair(kind) as (reading, writing):
        lines = HostInput(reading)
        for piece in (b"on", b"e\ntwo\nthr", b"ee\n", "ä".encode()[:1], "ä".encode()[1:] + b"\n"):
            os.write(writing, piece)
        assert [await anext(lines) for _ in range(4)] == [b"one", b"two", b"three", "ä".encode()]


async def test_lines_end_with_the_input() -> None:
    with _pair("pipe") as (reading, writing):
        os.write(writing, b"last\nnever ended")
        os.close(writing)
        assert [line async for line in HostInput(reading)] == [b"last"]


async def test_waiting_for_a_line_can_be_given_up() -> None:
    with _pair("pipe") as (reading, writing):
        lines = HostInput(reading)
        with anyio.move_on_after(0.05) as scope:
            await anext(lines)
        os.write(writing, b"later\n")
        assert scope.cancelled_caught
        assert await anext(lines) == b"later"


@pytest.mark.parametrize("kind", ["pipe", "socket"])
@pytest.mark.parametrize("text", ["short\n", "x" * 60_000, _LARGE])
async def test_a_text_arrives_whole_at_a_host_that_reads_slowly(kind: str, text: str) -> None:
    with _pair(kind) as (reading, writing):
        read: list[bytes] = []
        host = threading.Thread(target=lambda: read.append(_read_all(reading)))
        host.start()
        output = HostOutput(writing, on_gone=_never)
        for _ in range(3):
            await output.write(text)
        os.close(writing)
        await anyio.to_thread.run_sync(host.join)
        assert b"".join(read).decode() == 3 * text


@pytest.mark.parametrize("kind", ["pipe", "socket"])
async def test_a_host_that_does_not_read_keeps_nobody_else_waiting(kind: str) -> None:
    with _pair(kind) as (reading, writing):
        output = HostOutput(writing, on_gone=_never)
        with anyio.move_on_after(0.2) as scope:
            while True:
                await output.write("x" * 10_000)
        assert scope.cancelled_caught
        while select.select([reading], [], [], 0.5)[0]:  # lets the thread that was left behind end
            os.read(reading, 65_536)


async def test_a_host_that_is_gone_is_noticed() -> None:
    gone = anyio.Event()
    with _pair("pipe") as (reading, writing):
        os.close(reading)
        await HostOutput(writing, on_gone=gone.set).write("hello?")
        assert gone.is_set()


async def test_a_file_is_written_to_all_the_same(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        await HostOutput(file.fileno(), on_gone=_never).write("into a file")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "into a file"
