"""One child process with all that descends from it: started, watched, and ended in order."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import anyio
from mcp.client.stdio import get_default_environment

from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy import marked
from mcp_toolweaver.proxy.failures import part
from mcp_toolweaver.proxy.guard import GUARD

PATIENCE = 2.0
"""Seconds from the end of its stdin to SIGTERM, and again from there to SIGKILL."""

_KILLED = 0.5
"""Seconds for the system to carry out a SIGKILL."""
_LOOK = 0.01
_LOOK_FOR_REST = 0.1
_WATCH = 0.2
"""Seconds between looks where the system does not tell of the end of a process."""


class Child:
    """A process in a session of its own, unreaped until it and its descendants have been ended.

    As long as it is not reaped, its number, which is that of its group, is given to no other process.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: str) -> None:
        """Take a process that was started with the mark in its environment; use `start`."""
        self.process = process
        self._mark = mark

    @property
    def has_ended(self) -> bool:
        """Whether the process itself has ended."""
        if self.process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):
            return self.process.poll() is not None
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # somebody reaped it
            return True

    async def wait_ended(self) -> None:
        """Return when the process itself has ended, whoever holds its pipes."""
        try:
            descriptor = os.pidfd_open(self.process.pid)
        except (AttributeError, OSError):
            await _until(lambda: self.has_ended, every=_WATCH)
            return
        try:
            await anyio.wait_readable(descriptor)
        finally:
            os.close(descriptor)

    async def end(self) -> str:
        """End it and its descendants, and return how it ended, in words; its stdin has been closed before.

        It takes at most 2 s until SIGTERM, and 2.5 s from there.
        """
        with anyio.move_on_after(PATIENCE):
            await _until(lambda: self.has_ended, every=_LOOK)
        await self.end_rest()
        status = self.process.poll()
        GUARD.remove(self._mark)
        return _in_words(status)

    async def end_rest(self) -> None:
        """End whoever is alive of it and its descendants: SIGTERM, and after 2 s SIGKILL."""
        if await self._signal(signal.SIGTERM):
            with anyio.move_on_after(PATIENCE):
                await self._until_gone()
        with anyio.move_on_after(_KILLED):
            while await self._signal(signal.SIGKILL):
                await _pause(_LOOK)

    async def _until_gone(self) -> None:
        await _until(lambda: self.has_ended, every=_LOOK)
        while await _marked(self._mark):
            await _pause(_LOOK_FOR_REST)

    async def _signal(self, number: signal.Signals) -> bool:
        """Send a signal to all; say whether there was anyone alive."""
        is_alive = not self.has_ended
        if self.process.returncode is None:  # else its number may be a stranger's by now
            marked.signal_group(self.process.pid, number)
        rest = await _marked(self._mark)
        for pid in rest:
            if pid != self.process.pid and _left_group(pid, self.process.pid):
                marked.send(pid, self._mark, number)
        return is_alive or bool(rest)


def start(server: str, command: str, args: Sequence[str], env: Mapping[str, str], cwd: str | None) -> Child:
    """Start the process of a server with pipes; it inherits PATH, HOME and the like, and gets ``env`` besides.

    Raises:
        FileNotFoundError: there is no such command; ``filename`` is the command.
        PermissionError: the command must not be executed.
        Unavailable: the folder ``cwd`` cannot be entered.
        ConfigurationError: the command, an argument or a variable has a NUL in it.
        OSError: it cannot be started for another reason.
    """
    mark = secrets.token_hex(16)
    GUARD.add(mark)
    try:
        process = subprocess.Popen(  # noqa: S603  the owner's configuration names it
            [command, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=cwd,
            env={**get_default_environment(), **env, marked.VARIABLE: mark},
            start_new_session=True,
        )
    except BaseException as error:
        GUARD.remove(mark)
        if isinstance(error, OSError) and cwd is not None and error.filename == cwd != command:
            reason = f"the folder {cwd!r} (cwd) cannot be entered ({error.strerror}); create it, or correct its path"
            raise Unavailable(part(server), reason) from error
        if isinstance(error, ValueError):
            raise ConfigurationError(f"command, args or env: {error}") from error
        raise
    GUARD.add(mark, process.pid)
    return Child(process, mark)


def _left_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) != group
    except OSError:
        return False


def _in_words(status: int | None) -> str:
    if status is None:
        return "still running"
    if status >= 0:
        return f"status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


async def _until(condition: Callable[[], bool], *, every: float) -> None:
    while not condition():
        await _pause(every)


async def _pause(seconds: float) -> None:
    """Sleep: no event tells of what another process does."""
    await anyio.sleep(seconds)


async def _marked(mark: str) -> list[int]:
    return (await run_in_thread(_SCANS.latest)).get(mark, [])


class _Scans:
    """Looks through all processes once for all who ask at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = 0.0
        self._found: dict[str, list[int]] = {}

    def latest(self) -> dict[str, list[int]]:
        """Return what a look found that began after this call."""
        asked = time.monotonic()
        with self._lock:
            if self._begun <= asked:
                self._begun = time.monotonic()
                self._found = marked.find()
            return self._found


_SCANS = _Scans()
