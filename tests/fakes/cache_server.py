"""A cache elsewhere that is up, down, slow, hanging, full or mad when a test wants it to be."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel

from mcp_toolweaver.core.caching import CacheServer


class FakeCacheServer:
    """A `CacheServer` in a dictionary, which outlives its connections; only what is expired at once ever expires."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.failure: Exception | None = None
        """Raised by whatever is asked, and instead of opening."""
        self.refusal: Exception | None = None
        """Raised by writes."""
        self.gate: anyio.Event | None = None
        """What is asked now is answered after it; None answers at once."""
        self.opening: anyio.Event | None = None
        """Opening waits for it."""
        self.leaving: Exception | None = None
        """Raised where a connection is left."""
        self.attempts = 0
        self.opened = 0
        self.left = 0
        self.asked: list[str] = []
        self.ended: list[str] = []
        """What was answered, be it with an error."""
        self.cut: list[str] = []
        """What was cancelled before it was answered."""

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[CacheServer]:
        """Connect."""
        self.attempts += 1
        if self.opening is not None:
            await self.opening.wait()
        if self.failure is not None:
            raise self.failure
        self.opened += 1
        try:
            yield _Connection(self)
        finally:
            self.left += 1
            if self.leaving is not None:
                raise self.leaving

    async def check(self) -> None:
        await self._answer("check")

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        await self._answer("get")
        return [self.values.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        await self._answer("set")
        for key, value in values.items():
            self.values.pop(key, None)
            if ttl > 0:
                self.values[key] = value

    async def _answer(self, question: str) -> None:
        self.asked.append(question)
        try:
            await anyio.lowlevel.checkpoint()
            if self.gate is not None:
                await self.gate.wait()
        except anyio.get_cancelled_exc_class():
            self.cut.append(question)
            raise
        self.ended.append(question)
        if self.failure is not None:
            raise self.failure
        if question == "set" and self.refusal is not None:
            raise self.refusal


class _Connection:
    """One of several to the same server."""

    def __init__(self, server: FakeCacheServer) -> None:
        self._server = server

    async def check(self) -> None:
        await self._server.check()

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return await self._server.get_many(keys)

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        await self._server.set_many(values, ttl=ttl)
