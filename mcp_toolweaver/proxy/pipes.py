"""Pipes of a child read and written in the event loop, at the level of descriptors; not for Windows."""

from __future__ import annotations

import os
from typing import IO

import anyio
import anyio.lowlevel

CHUNK = 65_536
"""What a pipe holds, usually."""


class ReadEnd:
    """The end of a pipe that a child writes to."""

    def __init__(self, file: IO[bytes] | None) -> None:
        """Own the unbuffered file."""
        self._file, self._descriptor = _unblocked(file)
        self.is_idle = False
        """Whether somebody waits for data that is not there."""
        self.has_ended = False

    async def receive(self) -> bytes:
        """Return what is there, waiting for the first byte of it; nothing at the end."""
        await anyio.lowlevel.checkpoint()
        while True:
            try:
                data = os.read(self._descriptor, CHUNK)
            except BlockingIOError:
                await self._wait()
            else:
                self.has_ended = not data
                return data

    async def _wait(self) -> None:
        self.is_idle = True
        try:
            await anyio.wait_readable(self._descriptor)
        finally:
            self.is_idle = False

    def close(self) -> None:
        """Close it; nobody may be waiting."""
        self._file.close()


class WriteEnd:
    """The end of a pipe that a child reads from."""

    def __init__(self, file: IO[bytes] | None) -> None:
        """Own the unbuffered file."""
        self._file, self._descriptor = _unblocked(file)

    async def send(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OSError: nobody reads any more.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                await anyio.wait_writable(self._descriptor)

    def close(self) -> None:
        """Close it; nobody may be waiting."""
        self._file.close()


def _unblocked(file: IO[bytes] | None) -> tuple[IO[bytes], int]:
    if file is None:
        raise TypeError("the child was started without this pipe")
    os.set_blocking(file.fileno(), False)
    return file, file.fileno()
