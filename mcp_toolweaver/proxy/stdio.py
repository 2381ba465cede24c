"""A downstream server as a child process, spoken to over its stdin and stdout: our own transport.

The SDK's reader has no limit and takes time that grows with the square of a message.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCMessage

from mcp_toolweaver.core.frames import LARGEST_FRAME, Frames, Oversized
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy.child import Child, start
from mcp_toolweaver.proxy.messages import NoMessage, encoded, failure, messages
from mcp_toolweaver.proxy.pipes import ReadEnd, WriteEnd
from mcp_toolweaver.proxy.server_log import ServerLog

_QUEUE = 64
"""Messages that wait for a server that does not read its stdin; further ones wait in their callers."""
_FLUSH = 0.2
"""Seconds for what is in the queue to be written before stdin is closed."""
_GRACE = 0.1
"""Seconds without data after which nothing more is expected of a server that has ended."""
_LONGEST_GRACE = 2.0
_SHOWN_NOISE = 5
_LOOKED_AT = 4096
_NOISE_RATE, _STDERR_RATE = 8 * 1024 * 1024, 32 * 1024 * 1024
"""Bytes a second that are read of what is no message, and of stderr when it is too much for the log.

To read all that a server can write would cost the others their time."""
_LONGEST_SLOWING = 0.25
_LONGEST_NOISE = 240
_LAST_WORDS = 0.2
"""Seconds for the rest of stderr, when all who could write to it have ended."""

Reading = MemoryObjectReceiveStream[SessionMessage | Exception]
Writing = MemoryObjectSendStream[SessionMessage]


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start."""

    command: str
    args: list[str] = field(default_factory=list[str])
    env: dict[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    largest_frame: int = LARGEST_FRAME
    """Bytes of one message; larger ones are dropped, and answered with an error."""


@asynccontextmanager
async def child_process(launch: Launch, log: ServerLog) -> AsyncGenerator[tuple[Reading, Writing]]:
    """Start a server and yield the streams to speak with it; on leaving, it and its descendants are ended within 5 s.

    Raises:
        OSError, Unavailable, ConfigurationError: see `start`.
    """
    try:
        child = start(log.server, launch.command, launch.args, launch.env, launch.cwd)
    except Exception as error:
        log.note(f"cannot be started: {error}")
        raise
    to_session, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, to_child = anyio.create_memory_object_stream[SessionMessage](_QUEUE)
    connection = _Connection(child, log, launch.largest_frame, to_session, to_child)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            try:
                yield read_stream, write_stream
            finally:
                with anyio.CancelScope(shield=True):
                    read_stream.close()
                    write_stream.close()
                    await connection.end()
    finally:
        connection.close()


class _Connection:
    """Carries messages between the session and the child until `end`."""

    def __init__(
        self,
        child: Child,
        log: ServerLog,
        largest_frame: int,
        to_session: MemoryObjectSendStream[SessionMessage | Exception],
        to_child: MemoryObjectReceiveStream[SessionMessage],
    ) -> None:
        self._child = child
        self._log = log
        self._largest = largest_frame
        self._to_session = to_session
        self._to_child = to_child
        self._stdin = WriteEnd(child.process.stdin)
        self._stdout = ReadEnd(child.process.stdout)
        self._stderr = ReadEnd(child.process.stderr)
        self._scope = anyio.CancelScope(shield=True)
        self._writing = anyio.CancelScope()
        self._written = anyio.Event()
        self._stderr_ended = anyio.Event()
        self._is_wanted = True
        self._noise = 0
        self._noise_bytes = 0

    async def run(self) -> None:
        """Read, write and watch; a caller that is cancelled does not reach in here, so that `end` finds it at work."""
        self._log.note(f"started: process {self._child.process.pid}")
        with self._scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read)
                tasks.start_soon(self._write)
                tasks.start_soon(self._drain_stderr)
                tasks.start_soon(self._watch)

    async def end(self) -> None:
        """End the child in order, while what it still writes is read."""
        with anyio.move_on_after(_FLUSH):
            await self._written.wait()
        self._writing.cancel()
        with anyio.move_on_after(_FLUSH):
            await self._written.wait()
        status = await self._child.end()
        with anyio.move_on_after(_LAST_WORDS):
            await self._stderr_ended.wait()
        self._scope.cancel()
        self._log.finish()
        noise = f"; {self._noise} lines on its stdout were no messages" if self._noise else ""
        self._log.note(f"ended: {status}{noise}")

    def close(self) -> None:
        """Close what is left open, when no task is at work any more."""
        for end in (self._stdin, self._stdout, self._stderr):
            end.close()
        self._to_session.close()
        self._to_child.close()

    async def _read(self) -> None:
        frames = Frames(self._largest)
        while chunk := await self._stdout.receive():
            if not self._is_wanted:
                continue  # so that a server can write to its end, and then see that of its stdin
            noise = self._noise_bytes
            for frame in frames.feed(chunk):
                await self._take(frame)
            await _slow_down(self._noise_bytes - noise, _NOISE_RATE)
        self._to_session.close()

    async def _take(self, frame: bytes | Oversized) -> None:
        if isinstance(frame, Oversized):
            if frame.answered is None:
                self._log.note(f"dropped a message of {frame.size} bytes that answers nothing we know")
                return
            told = frame.told(self._largest)
            self._log.note(told)
            await self._deliver(failure(frame.answered, told))
            return
        try:
            for message in messages(frame):
                await self._deliver(message)
        except NoMessage:
            self._note_noise(frame)

    async def _deliver(self, message: JSONRPCMessage) -> None:
        if self._is_wanted:
            try:
                await self._hand_over(SessionMessage(message))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._is_wanted = False

    async def _hand_over(self, item: SessionMessage) -> None:
        try:
            self._to_session.send_nowait(item)  # `send` would first give the event loop a turn
        except anyio.WouldBlock:
            await self._to_session.send(item)

    def _note_noise(self, frame: bytes) -> None:
        if not frame.strip():
            return
        self._noise += 1
        self._noise_bytes += len(frame)
        if self._noise <= _SHOWN_NOISE:
            shown = frame[:_LOOKED_AT].decode(errors="replace")
            self._log.note(f"this line on its stdout is no message: {shown}", longest=_LONGEST_NOISE)

    async def _write(self) -> None:
        try:
            with self._writing:
                async for item in self._to_child:
                    await self._stdin.send(encoded(item.message))
        except OSError as error:
            self._log.note(f"does not read its stdin any more: {error}")
            self._to_session.close()
        finally:
            self._to_child.close()
            self._stdin.close()
            self._written.set()

    async def _drain_stderr(self) -> None:
        while chunk := await self._stderr.receive():
            if self._log.has_room(len(chunk)):
                await run_in_thread(self._log.feed, chunk)
            else:
                self._log.skip(chunk)
                await _slow_down(len(chunk), _STDERR_RATE)
        self._stderr_ended.set()

    async def _watch(self) -> None:
        """End the session when the process has ended, though descendants may still hold its pipes; and end those."""
        await self._child.wait_ended()
        with anyio.move_on_after(_LONGEST_GRACE):
            while not self._stdout.has_ended:
                await anyio.sleep(_GRACE)
                if self._stdout.is_idle:
                    break
        self._to_session.close()
        await self._child.end_rest()


async def _slow_down(size: int, rate: int) -> None:
    """Let pass the time that so many bytes should take; a line or two may be as fast as they are."""
    if size >= _LOOKED_AT:
        await anyio.sleep(min(size / rate, _LONGEST_SLOWING))
