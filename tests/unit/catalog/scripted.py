"""A source plugin, and a cache, that do what a test tells them to."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Tool, ToolId, ToolResult

EAGER = SourcePolicy(start="eager")
PATIENCE = 5.0
"""Seconds after which a test that waits has failed."""


class Plugin:
    """A factory of sources and, since one is open at a time, the source too."""

    def __init__(self, *tools: Tool) -> None:
        self.tools: Any = tools
        self.refusals: list[Exception] = []
        """Raised by the next attempts to open it, one each."""
        self.gate: anyio.Event | None = None
        """What opening waits for."""
        self.closing: anyio.Event | None = None
        """What closing waits for."""
        self.loss: Exception | None = None
        """Raised by `wait_changed` at the next news."""
        self.attempts = 0
        self.lists = 0
        self.opening = 0
        self.most_opening = 0
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.tasks: list[tuple[int, int]] = []
        """The tasks that entered and left it, a pair each time."""
        self._news = anyio.Event()

    def __call__(self, name: str, options: Mapping[str, Any]) -> AbstractAsyncContextManager[CatalogSource]:
        return self._open(name, options)

    @asynccontextmanager
    async def _open(self, _name: str, _options: Mapping[str, Any]) -> AsyncGenerator[CatalogSource]:
        entered_in = anyio.get_current_task().id
        self.attempts += 1
        self.opening += 1
        self.most_opening = max(self.most_opening, self.opening)
        try:
            await (self.gate.wait() if self.gate else anyio.lowlevel.checkpoint())
            if self.refusals:
                raise self.refusals.pop(0)
        finally:
            self.opening -= 1
        try:
            yield self
        finally:
            self.tasks.append((entered_in, anyio.get_current_task().id))
            if self.closing:
                await self.closing.wait()

    async def list_tools(self) -> Sequence[Tool]:
        await anyio.lowlevel.checkpoint()
        self.lists += 1
        if isinstance(self.tools, Exception):
            raise self.tools
        listed: Sequence[Tool] = self.tools
        return listed

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        await anyio.lowlevel.checkpoint()
        self.calls.append((name, arguments))
        return ToolResult.from_text(f"called {name}")

    async def wait_changed(self) -> None:
        await self._news.wait()
        self._news = anyio.Event()
        if self.loss is not None:
            loss, self.loss = self.loss, None
            raise loss

    def change(self, *tools: Tool) -> None:
        """List other tools from now on, and say so."""
        self.tools = tools
        self._news.set()

    def lose(self, loss: Exception) -> None:
        """Lose the connection."""
        self.loss = loss
        self._news.set()


class MemoryCache:
    """A `Cache` in a dictionary, which a test may look into and spoil."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        await anyio.lowlevel.checkpoint()
        return [self.values.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        assert ttl > 0
        await anyio.lowlevel.checkpoint()
        self.values.update(values)


def tool(server: str, name: str, description: str = "", *, is_callable: bool = True) -> Tool:
    return Tool.from_definition(server, {"name": name, "description": description}, is_callable=is_callable)


def catalog_of(
    plugins: Mapping[str, Plugin],
    *,
    cache: MemoryCache | None = None,
    options: Mapping[str, Any] | None = None,
    domain: str | None = None,
    policy: SourcePolicy | None = None,
    clock: Callable[[], float] = time.time,
) -> Catalog:
    """Return a catalog of a source a plugin, all of a kind and a name of their own."""
    setups = [
        SourceSetup(
            name,
            f"kind-{name}",
            options or {},
            f"mcp.json: mcpServers.{name}",
            domain,
            policy=policy or SourcePolicy(),
        )
        for name in plugins
    ]
    listings = Listings(cache or MemoryCache())
    return Catalog(setups, listings, lambda kind: plugins[kind.removeprefix("kind-")], clock=clock)


@asynccontextmanager
async def running(catalog: Catalog, patience: float = PATIENCE) -> AsyncGenerator[None]:
    """Restore and run the catalog; a body that takes longer than our patience fails."""
    await catalog.restore()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(catalog.run)
        with anyio.fail_after(patience):
            yield
        tasks.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; the caller bounds the wait."""
    while not condition():
        await anyio.sleep(0.001)


async def until_snapshot(catalog: Catalog, *names: str) -> None:
    """Return when the catalog, brought up to date at each change, holds exactly these tools."""
    while [str(known) for known in (await catalog.refresh()).tools] != list(names):
        await catalog.wait_changed()


def status_of(catalog: Catalog, name: str) -> SourceStatus:
    return next(status for status in catalog.statuses if status.name == name)


def is_in(catalog: Catalog, name: str, state: SourceState) -> Callable[[], bool]:
    return lambda: status_of(catalog, name).state is state


def found(catalog: Catalog, server: str, name: str) -> Tool:
    return catalog.snapshot.tools[ToolId(server, name)]


async def outcomes_of(count: int, attempt: Callable[[], Awaitable[object]]) -> list[object]:
    """Make many attempts at the same time; return the result or the error of each."""
    outcomes: list[object] = []

    async def one() -> None:
        try:
            outcomes.append(await attempt())
        except Exception as error:  # noqa: BLE001  the test looks at it
            outcomes.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    return outcomes
