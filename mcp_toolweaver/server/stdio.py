"""Serving one host over the standard streams of the process."""

from __future__ import annotations

from typing import Any

import anyio

from mcp_toolweaver.server.answering import Ending, Reading, Unanswered, Writing
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.host_pipes import HostOutput, frames_of
from mcp_toolweaver.server.streams import ClaimedStreams

_LAST_ANSWERS = 2.0
"""Seconds for answers to be written that have been made; a host that does not read loses them."""


async def serve(gateway: Gateway, streams: ClaimedStreams, stopping: anyio.Event, *, drain: float) -> None:
    """Serve the host at the other end of the streams until it closes its end, of either, or ``stopping`` is set.

    What was read until then is answered, for up to ``drain`` seconds, unless nobody is there any more.
    """
    unanswered = Unanswered()
    with anyio.CancelScope() as scope:
        output = HostOutput(streams.writing, on_gone=scope.cancel)
        async with frames_of(streams.reading) as read, anyio.create_task_group() as tasks:
            frames, writing = Ending(read), Writing(output, unanswered)

            async def answer_all() -> None:
                tasks.start_soon(output.watch)
                await _answered(unanswered, gateway, drain)

            tasks.start_soon(_end, frames, gateway, stopping, drain)
            reading: Any = Reading(frames, writing, unanswered, answer_all)
            told: Any = writing
            await gateway.server.run(reading, told, gateway.initialization)
            tasks.cancel_scope.cancel()


async def _answered(unanswered: Unanswered, gateway: Gateway, drain: float) -> None:
    """Return when what was read has been answered, if need be by an error."""
    await gateway.drain.end_endless()
    with anyio.move_on_after(drain):
        await unanswered.wait_none()
    await gateway.drain.stop(0)
    with anyio.move_on_after(_LAST_ANSWERS):
        await unanswered.wait_none()


async def _end(frames: Ending, gateway: Gateway, stopping: anyio.Event, drain: float) -> None:
    """End the input when we are told to stop; a host that has ended it before that has waited long enough."""
    await stopping.wait()
    await gateway.drain.stop(0 if frames.are_over else drain)
    frames.end()
