"""What a test left behind: child processes, open file descriptors, threads, asyncio tasks.

A library opens a few descriptors when it is first used and keeps them, which is no leak: devices, time zones, its own
files. So pipes and sockets count, and files elsewhere.
"""

from __future__ import annotations

import asyncio
import gc
import stat
import sys
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

_PATIENCE = 2.0
"""Seconds for what is ending to end: a process that was killed, a thread that was told to stop."""
_STEP = 0.02
_DESCRIPTORS = Path("/proc/self/fd")
_CHILDREN = Path("/proc/self/task")
_OF_LIBRARIES = ("/dev/", "anon_inode:", "/usr/", "/proc/", "/sys/", sys.prefix, sys.base_prefix)


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at one moment, each by what tells it apart, with words for it."""

    children: dict[int, str] = field(default_factory=dict[int, str])
    descriptors: dict[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])
    threads: dict[int, str] = field(default_factory=dict[int, str])

    def beyond(self, before: Held) -> list[str]:
        """Return words for each thing that is held now and was not before."""
        kinds: list[tuple[dict[Any, str], dict[Any, str]]] = [
            (self.children, before.children),
            (self.descriptors, before.descriptors),
            (self.threads, before.threads),
        ]
        return [words for now, then in kinds for key, words in now.items() if key not in then]


def held() -> Held:
    """Return what this process holds; where there is no ``/proc``, that is its threads only."""
    threads = {id(each): f"the thread {each.name!r}" for each in threading.enumerate() if not each.daemon}
    return Held(dict(_children()), dict(_descriptors()), threads)


@contextmanager
def watch() -> Generator[None]:
    """Fail the test if processes, descriptors or threads are left at the end, after they were given time to go."""
    before = held()
    yield
    if not held().beyond(before):
        return
    gc.collect()  # an object that nobody refers to any more may hold a descriptor until it is collected
    deadline = time.monotonic() + _PATIENCE
    while left := held().beyond(before):
        if time.monotonic() > deadline:
            pytest.fail(f"the test left behind: {'; '.join(left)}", pytrace=False)
        time.sleep(_STEP)


@asynccontextmanager
async def watch_tasks() -> AsyncGenerator[None]:
    """Fail the test if tasks are left in the event loop at the end, after they were given time to go."""
    before = asyncio.all_tasks()
    yield
    deadline = time.monotonic() + _PATIENCE
    while left := [task for task in asyncio.all_tasks() - before if not task.done() and not _is_runner(task)]:
        if time.monotonic() > deadline:
            names = "; ".join(f"the task {task.get_name()!r} ({task.get_coro()!r})" for task in left)
            pytest.fail(f"the test left behind: {names}", pytrace=False)
        await anyio.sleep(_STEP)


def _is_runner(task: asyncio.Task[Any]) -> bool:
    """Whether a task is that of the test runner, which drives the test itself."""
    return getattr(task.get_coro(), "__qualname__", "").startswith("TestRunner.")


def _children() -> Generator[tuple[int, str]]:
    """Yield the children of this process, without those that have ended and wait to be noticed."""
    for listed in _CHILDREN.glob("*/children"):
        for number in _read(listed).split():
            state = _read(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
            if state and state[0] != "Z":
                command = _read(Path(f"/proc/{number}/cmdline")).replace("\0", " ").strip()
                yield int(number), f"the process {number} ({command})"


def _descriptors() -> Generator[tuple[tuple[int, str], str]]:
    for link in _DESCRIPTORS.iterdir() if _DESCRIPTORS.exists() else ():
        try:
            what, mode = str(link.readlink()), link.stat().st_mode
        except OSError:
            continue  # the one that the listing itself used
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or not what.startswith(_OF_LIBRARIES):
            yield (int(link.name), what), f"the descriptor {link.name} ({what})"


def _read(path: Path) -> str:
    """Return the text of a file that may be gone."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
