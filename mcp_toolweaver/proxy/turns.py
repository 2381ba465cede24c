"""The calls under way over one connection: of one host at a time, where those of two would be confused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import takewhile

import anyio

from mcp_toolweaver.core.exchange import Exchange
from mcp_toolweaver.proxy.advisory import Advisory
from mcp_toolweaver.proxy.patience import Patience


class Call:
    """A call under way."""

    def __init__(self, exchange: Exchange | None, patience: Patience) -> None:
        self.exchange = exchange
        self.patience = patience
        self.progress = Advisory()

    @property
    def owner(self) -> str | None:
        """Whose call it is, by the key of the host; None for nobody's."""
        return None if self.exchange is None else self.exchange.host.key


class Turns:
    """Hosts take turns in the order in which they came, so that none keeps the others waiting for ever."""

    def __init__(self) -> None:
        """Begin with no calls."""
        self.under_way: list[Call] = []
        self._waiting: list[Call] = []
        self._moved = anyio.Event()

    @asynccontextmanager
    async def taken(self, call: Call, *, are_apart: Callable[[], bool]) -> AsyncGenerator[None]:
        """Count a call as under way, once it may be; hosts take turns while ``are_apart`` says so."""
        await self._wait(call, are_apart)
        self.under_way.append(call)
        try:
            yield
        finally:
            self.under_way.remove(call)
            self._wake()

    async def _wait(self, call: Call, are_apart: Callable[[], bool]) -> None:
        self._waiting.append(call)
        try:
            while are_apart() and not self._may_begin(call):
                await self._moved.wait()
        finally:
            self._waiting.remove(call)
            self._wake()

    def _may_begin(self, call: Call) -> bool:
        if any(other.owner != call.owner for other in self.under_way):
            return False
        if any(other.patience.is_suspended for other in self.under_way):
            return True  # the host may be calling for its answer, for which all the others wait
        return all(other.owner == call.owner for other in takewhile(lambda other: other is not call, self._waiting))

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()
