"""A searcher that keeps answers, with everything that they depend on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio.lowlevel

from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.search.cached import CachedSearcher
from tests.fakes.cache import FakeCache
from tests.fakes.catalog import FakeCatalog
from tests.fakes.searcher import FakeSearcher
from tests.fakes.tools import make_tool

READ, WRITE, SEND = (make_tool(name, f"Does {name}.") for name in ("read", "write", "send"))
REQUEST = SearchRequest("read a file", 3, "srv")
FOUND = SearchResult((Hit(READ, 0.75, (WRITE,)),), "high", "hybrid", nearest=("srv",), similar=(SEND,))


class WatchedCache(FakeCache):
    """Lets others go on while it is asked, and counts how often it is."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        return await super().get_many(keys)

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        await anyio.lowlevel.checkpoint()
        await super().set_many(values, ttl=ttl)


class Interrupted(FakeSearcher):
    """Lets something happen while it searches."""

    def __init__(self, answer: SearchResult | Exception) -> None:
        super().__init__(answer)
        self.meanwhile: Callable[[], Awaitable[object]] = anyio.lowlevel.checkpoint
        self.ended = 0

    async def search(self, request: SearchRequest) -> SearchResult:
        answer = await super().search(request)
        await self.meanwhile()
        self.ended += 1
        return answer


class Scene:
    """A searcher that keeps answers, with everything that they depend on."""

    def __init__(self, cache: WatchedCache | None = None) -> None:
        self.inner = Interrupted(FOUND)
        self.cache = cache or WatchedCache()
        self.catalog = FakeCatalog([READ, WRITE, SEND])
        self.way: str | None = "0.1 a-model 0.6"
        self.indexed: str | None = None
        """The generation that the index holds; None for that of the catalog."""
        self.searcher = CachedSearcher(
            self.inner,
            self.cache,
            self.catalog,
            lifetime=60.0,
            way=lambda: self.way,
            indexed=lambda: self.catalog.snapshot.generation if self.indexed is None else self.indexed,
        )

    async def ask(self, request: SearchRequest = REQUEST) -> SearchResult:
        return await self.searcher.search(request)

    @property
    def searched(self) -> int:
        return len(self.inner.requests)
