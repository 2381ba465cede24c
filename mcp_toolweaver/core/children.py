"""A module of ours run by a process of its own: what would hold the interpreter, or leave its libraries in memory."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from subprocess import DEVNULL, PIPE

import anyio
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.text import TextReceiveStream

_PR_SET_PDEATHSIG = 1
_LAST_WORDS = 2000
_PARENT = "TOOLWEAVER_CHILD_OF"
"""The variable that tells a child its parent's number, which in a container may be 1, as an orphan's is elsewhere."""


class ChildFailed(Exception):
    """The child ended by an error; the message is the last line that it wrote to stderr, or its status."""


async def run_module(module: str, *arguments: str, on_line: Callable[[str], None] = lambda _line: None) -> None:
    """Run ``python -m module`` to its end, and kill it where the caller leaves.

    Args:
        module: The full name of a module of ours; nothing is imported from the current folder.
        arguments: Its arguments.
        on_line: Is told each line that it prints.

    Raises:
        ChildFailed: it ended with a status other than 0, or there is no interpreter to run it.
        OSError: it cannot be started.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise ChildFailed("the Python that runs this program cannot be found")
    command = [sys.executable, "-P", "-m", module, *arguments]
    parent = {**os.environ, _PARENT: str(os.getpid())}
    async with await anyio.open_process(command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=parent) as process:
        last: list[str] = [""]
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_keep_last, process.stderr, last)
                await _lines(process.stdout, on_line)
            await process.wait()
        finally:
            _kill(process)
        if process.returncode:
            raise ChildFailed(last[0] or f"status {process.returncode}")


def be_a_child() -> None:
    """Step behind everything else on this machine, and end with the parent (called by the child, first of all)."""
    if hasattr(os, "nice"):
        os.nice(10)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.environ.get(_PARENT) not in {None, str(os.getppid())}:  # it ended before
            sys.exit(1)


async def _lines(stream: ByteReceiveStream | None, on_line: Callable[[str], None]) -> None:
    if stream is None:
        return
    rest = ""
    async for text in TextReceiveStream(stream, errors="replace"):
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            on_line(line)


async def _keep_last(stream: ByteReceiveStream | None, last: list[str]) -> None:
    if stream is None:
        return
    kept = ""
    async for text in TextReceiveStream(stream, errors="replace"):
        kept = (kept + text)[-_LAST_WORDS:]
    last[0] = kept.strip().rpartition("\n")[2]


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
