"""What a test left behind: child processes, open file descriptors, asyncio tasks, threads.

`watch` compares the process before and after. A library opens a few descriptors when it is first used and keeps them,
which is no leak; so only pipes, sockets and files that are new and stay open count, and not those of the event loop.
"""

from __future__ import annotations

import asyncio
import gc
import os
import stat
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_PATIENCE = 2.0
"""Seconds for what is ending to end: a process that was killed, a thread that was told to stop."""
_STEP = 0.02
_DESCRIPTORS = Path("/proc/self/fd")
_CHILDREN = Path("/proc/self/task")
_LIBRARY_FILES = ("/dev/", "anon_inode:", "/usr/", "/proc/", "/sys/")
"""What libraries open when they are first used: randomness, epoll, time zones."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at one moment."""

    children: frozenset[int] = field(default_factory=frozenset[int])
    descriptors: frozenset[tuple[int, str]] = field(default_factory=frozenset[tuple[int, str]])
    threads: frozenset[threading.Thread] = field(default_factory=frozenset[threading.Thread])
    tasks: frozenset[asyncio.Task[object]] = field(default_factory=frozenset[asyncio.Task[object]])

    def beyond(self, before: Held) -> list[str]:
        """Return a sentence for each thing held now that was not held before."""
        return [
            *(f"the process {child} ({_command(child)})" for child in sorted(self.children - before.children)),
            *(f"the descriptor {number} ({what})" for number, what in sorted(self.descriptors - before.descriptors)),
            *(f"the thread {thread.name!r}" for thread in self.threads - before.threads),
            *(f"the task {task.get_name()!r}: {task.get_coro()!r}" for task in self.tasks - before.tasks),
        ]


def held() -> Held:
    """Return what this process holds now; where there is no ``/proc``, only threads and tasks."""
    return Held(
        children=frozenset(_children()),
        descriptors=frozenset(_descriptors()),
        threads=frozenset(thread for thread in threading.enumerate() if not thread.daemon),
        tasks=frozenset(_tasks()),
    )


@contextmanager
def watch() -> Generator[None]:
    """Fail the test if it leaves something behind.

    Raises:
        pytest.fail.Exception: something is still held, after it was given time to end.
    """
    before = held()
    yield
    left = _left(before)
    if left:
        gc.collect()  # an object that nobody refers to any more may hold a descriptor until it is collected
        left = _left(before)
    deadline = time.monotonic() + _PATIENCE
    while left and time.monotonic() < deadline:
        time.sleep(_STEP)
        left = _left(before)
    if left:
        pytest.fail(f"the test left behind {'; '.join(left)}", pytrace=False)


def _left(before: Held) -> list[str]:
    return held().beyond(before)


def _children() -> Generator[int]:
    """Yield the children of this process, without those that have ended and wait to be noticed."""
    for listed in _CHILDREN.glob("*/children"):
        try:
            numbers = [int(number) for number in listed.read_text().split()]
        except OSError:
            continue
        yield from (number for number in numbers if _is_running(number))


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "ended by now"


def _descriptors() -> Generator[tuple[int, str]]:
    if not _DESCRIPTORS.exists():
        return
    for name in os.listdir(_DESCRIPTORS):
        try:
            what = os.readlink(_DESCRIPTORS / name)
            mode = os.fstat(int(name)).st_mode
        except OSError:
            continue  # the listing's own
        is_data = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or not what.startswith(_LIBRARY_FILES)
        if is_data and not what.startswith((sys.prefix, sys.base_prefix)):
            yield int(name), what


def _tasks() -> Generator[asyncio.Task[object]]:
    """Yield the tasks of a loop that is about to be used again; the one that runs the tests is not among them."""
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        return
    yield from (task for task in asyncio.all_tasks(loop) if not task.done())
