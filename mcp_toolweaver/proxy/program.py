"""A program that is run to its end for one call: bytes on its stdin, bytes from its stdout, and limits to both."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from mcp.client.stdio import get_default_environment

from mcp_toolweaver.proxy.child import Child, start
from mcp_toolweaver.proxy.pipes import ReadEnd, WriteEnd

_STDERR_TAIL = 4000
"""Bytes of stderr that are kept, from its end."""
_GRACE = 0.1
"""Seconds without data after which nothing more is expected of a program that has ended."""
_LOOK = 0.005
_RATE = 32 * 1024 * 1024
"""Bytes a second that are read of what is thrown away. To read all that a program can write would cost the others
their time."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: no shell reads it."""

    name: str
    """What errors call it."""
    command: Sequence[str]
    """The program and its arguments."""
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Beside PATH, HOME and the like, which it inherits."""
    cwd: str | None = None
    timeout: float = 60.0
    """Seconds after which it is ended, with all that it started."""
    largest_output: int = 1_000_000
    """Bytes of its stdout that are kept, from the beginning."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and what it wrote."""

    status: int | None
    """Below zero: the number of the signal that ended it. None: it could not be ended."""
    stdout: bytes
    is_cut: bool
    """Whether it wrote more to stdout than was kept."""
    stderr: bytes
    """The end of it."""
    is_late: bool
    """Whether it was ended because its time was up."""


class Running(Protocol):
    """A process under way, on whatever system."""

    @property
    def is_idle(self) -> bool:
        """Whether somebody waits for more of its stdout."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether all of its stdout has been read."""
        ...

    async def feed(self, data: bytes) -> None:
        """Write all of its stdin, and close that; what it does not want to read is left."""
        ...

    async def read_stdout(self) -> bytes:
        """Return what is there, waiting for the first byte of it; nothing at the end."""
        ...

    async def read_stderr(self) -> bytes:
        """Return what is there, waiting for the first byte of it; nothing at the end."""
        ...

    async def wait_ended(self) -> None:
        """Return when the process itself has ended."""
        ...

    async def end(self) -> int | None:
        """End it with all that it started, if they are alive, and return its status."""
        ...

    def close(self) -> None:
        """Close its pipes."""
        ...


async def run_program(program: Program, data: bytes) -> Finished:
    """Run a program with ``data`` on its stdin, until it ends or its time is up.

    Whatever it started and left behind is ended with it. A caller that is cancelled leaves when all that is done.

    Raises:
        FileNotFoundError: there is no such program.
        PermissionError: it must not be executed.
        OSError, Unavailable, ConfigurationError: it cannot be started for another reason; see `start`.
    """
    return await run_started(await _started(program), program, data)


async def run_started(running: Running, program: Program, data: bytes) -> Finished:
    """Run a program that was started; see `run_program`."""
    stdout, stderr = _Head(program.largest_output), _Tail(_STDERR_TAIL)
    status: int | None = None
    patience = anyio.CancelScope(deadline=anyio.current_time() + program.timeout)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.feed, data)
            tasks.start_soon(_collect, running.read_stdout, stdout)
            tasks.start_soon(_collect, running.read_stderr, stderr)
            try:
                with patience:
                    await running.wait_ended()
                    await _until_read(running)
            finally:
                with anyio.CancelScope(shield=True):
                    status = await running.end()
            tasks.cancel_scope.cancel()
    finally:
        running.close()
    return Finished(status, bytes(stdout.kept), stdout.is_cut, bytes(stderr.kept), patience.cancelled_caught)


async def _started(program: Program) -> Running:
    if sys.platform == "win32":
        from mcp_toolweaver.proxy.windows_program import started  # noqa: PLC0415  there alone

        return await started(program, {**get_default_environment(), **program.env})
    command, *arguments = program.command
    return _Posix(start(program.name, command, arguments, program.env, program.cwd))


class _Posix:
    """A child whose pipes are read at the level of descriptors."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._stdin = WriteEnd(child.process.stdin)
        self._stdout, self._stderr = ReadEnd(child.process.stdout), ReadEnd(child.process.stderr)

    @property
    def is_idle(self) -> bool:
        return self._stdout.is_idle

    @property
    def has_ended(self) -> bool:
        return self._stdout.has_ended

    async def feed(self, data: bytes) -> None:
        try:
            await self._stdin.send(data)
        except OSError:
            return  # it does not want to read it
        finally:
            self._stdin.close()

    async def read_stdout(self) -> bytes:
        return await self._stdout.receive()

    async def read_stderr(self) -> bytes:
        return await self._stderr.receive()

    async def wait_ended(self) -> None:
        await self._child.wait_ended()

    async def end(self) -> int | None:
        if not self._child.has_ended:
            await self._child.end_rest()
        await self._child.end()
        return self._child.process.returncode

    def close(self) -> None:
        for end in (self._stdin, self._stdout, self._stderr):
            end.close()


class _Head:
    """Keeps the beginning."""

    def __init__(self, most: int) -> None:
        self.kept = bytearray()
        self.is_cut = False
        self._most = most

    def take(self, chunk: bytes) -> int:
        """Keep what there is room for, and return how many bytes are not."""
        room = self._most - len(self.kept)
        self.kept += chunk[:room]
        self.is_cut = self.is_cut or len(chunk) > room
        return max(0, len(chunk) - room)


class _Tail:
    """Keeps the end."""

    def __init__(self, most: int) -> None:
        self.kept = bytearray()
        self._most = most

    def take(self, chunk: bytes) -> int:
        """Keep it, and return how many bytes were thrown away for it."""
        self.kept += chunk
        thrown = max(0, len(self.kept) - self._most)
        del self.kept[:thrown]
        return thrown


class _Read(Protocol):
    async def __call__(self) -> bytes: ...


async def _collect(read: _Read, into: _Head | _Tail) -> None:
    while chunk := await read():
        if thrown := into.take(chunk):
            await anyio.sleep(thrown / _RATE)


async def _until_read(running: Running) -> None:
    """Return when what the program wrote has been read, though a descendant may still hold the pipe."""
    quiet = 0.0
    while not running.has_ended and quiet < _GRACE:
        await anyio.sleep(_LOOK)
        quiet = quiet + _LOOK if running.is_idle else 0.0
