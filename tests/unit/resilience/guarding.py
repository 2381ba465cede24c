"""What the tests of a guarded store have in common: a server, two breakers, and ways to wait that end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.resilience.breaker import Breaker, Circuit
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from tests.fakes.cache_server import FakeCacheServer

GONE = Unavailable("Redis", "connection lost")
"""What a server that is taken away says."""
NEVER = 1e9
"""Seconds that no test waits."""
AT_ONCE = 0.001


class Guarded:
    """A store guarded by `store`, over `server`."""

    def __init__(
        self,
        *,
        deadline: float = 20.0,
        pause: float = AT_ONCE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Wait ``pause`` before the server is opened again; ``clock`` is that of refused writes."""
        self.server = FakeCacheServer()
        self.store = GuardedStore(
            "Redis",
            self.server.open,
            deadline=deadline,
            reads=Breaker("Redis", first_pause=pause, longest_pause=max(pause, 0.01)),
            writes=Breaker("Redis", failures=1, first_pause=1, longest_pause=10, clock=clock or anyio.current_time),
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[GuardedStore]:
        """Run its task meanwhile, from the first attempt on."""
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.store.run)
                await self.store.wait_tried()
                yield self.store
                tasks.cancel_scope.cancel()

    async def becomes(self, state: Circuit) -> None:
        """Wait until the breaker is in this state."""
        await until(lambda: self.store.state is state)

    async def outage(self) -> None:
        """Take the server away, and let three questions meet that."""
        self.server.failure = GONE
        for _ in range(3):
            await away(self.store)
        assert self.store.state is not Circuit.CLOSED

    async def recovery(self) -> None:
        """Bring the server back."""
        self.server.failure = None
        await self.becomes(Circuit.CLOSED)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    with anyio.fail_after(20):
        while not condition():
            await anyio.sleep(0.001)


async def away(store: GuardedStore) -> Unavailable:
    """Return the error of a question."""
    try:
        found = await store.get_many(["a"])
    except Unavailable as error:
        return error
    raise AssertionError(f"it answered {found}")
