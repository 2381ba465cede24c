"""A program under way on Windows, where pipes cannot be waited for as elsewhere, and there are no groups."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ByteReceiveStream, Process

if TYPE_CHECKING:
    from mcp_toolweaver.proxy.program import Program

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_PATIENCE = 5.0
"""Seconds for the system to end a tree of processes."""


async def started(program: Program, env: Mapping[str, str]) -> WindowsProgram:
    """Start a program with pipes and this environment."""
    process = await anyio.open_process(
        [*program.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=program.cwd,
        env=dict(env),
        creationflags=_NO_WINDOW,
    )
    return WindowsProgram(process)


class WindowsProgram:
    """A process with its pipes; see ``program``."""

    def __init__(self, process: Process) -> None:
        """Take a process that was started with three pipes."""
        self._process = process
        self.is_idle = False
        """Whether somebody waits for more of its stdout."""
        self.has_ended = False
        """Whether all of its stdout has been read."""

    async def feed(self, data: bytes) -> None:
        """Write all of its stdin, and close that."""
        if self._process.stdin is None:
            return
        try:
            await self._process.stdin.send(data)
        except (OSError, anyio.BrokenResourceError):
            return  # it does not want to read it
        finally:
            await self._process.stdin.aclose()

    async def read_stdout(self) -> bytes:
        """Return what is there; nothing at the end."""
        self.is_idle = True
        chunk = await _received(self._process.stdout)
        self.is_idle, self.has_ended = False, not chunk
        return chunk

    async def read_stderr(self) -> bytes:
        """Return what is there; nothing at the end."""
        return await _received(self._process.stderr)

    async def wait_ended(self) -> None:
        """Return when the process itself has ended."""
        await self._process.wait()

    async def end(self) -> int | None:
        """End it with all that descends from it, and return its status."""
        if self._process.returncode is None:
            tree = ["taskkill", "/F", "/T", "/PID", str(self._process.pid)]
            with anyio.move_on_after(_PATIENCE):
                await anyio.run_process(tree, check=False, creationflags=_NO_WINDOW)
                await self._process.wait()
        status = self._process.returncode
        await self._process.aclose()
        return status

    def close(self) -> None:
        """Do nothing more: the pipes were closed with the process."""


async def _received(stream: ByteReceiveStream | None) -> bytes:
    try:
        return b"" if stream is None else await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return b""
