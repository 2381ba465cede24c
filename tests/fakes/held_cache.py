"""A cache whose writes a test can hold, and whose questions it can count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio
import anyio.lowlevel

from tests.fakes.cache import FakeCache


class HeldCache(FakeCache):
    """A `Cache` in a dictionary; a write begins, waits for the gate, and is done."""

    def __init__(self) -> None:
        super().__init__()
        self.gate: anyio.Event | None = None
        self.begun: list[dict[str, bytes]] = []
        self.asked: list[list[str]] = []

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self.asked.append(list(keys))
        return await super().get_many(keys)

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        self.begun.append(dict(values))
        await anyio.lowlevel.checkpoint()
        if self.gate is not None:
            await self.gate.wait()
        await super().set_many(values, ttl=ttl)
