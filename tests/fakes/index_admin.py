"""A store that a test fills, and the caches in front of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.administration import Store

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class FakeIndexAdmin:
    """An `IndexAdmin` over dictionaries; set ``away`` to take the store away, ``forgets`` for a broken cache."""

    def __init__(self, store: Store | None = None, space: str = "fake") -> None:
        self.store = store or Store("embedded", "/data/index")
        self.own_space = space
        self.tools: dict[ToolId, str] = {}
        self.bare: set[ToolId] = set()
        self.kept: dict[str, Vector] = {}
        self.away: Unavailable | None = None
        self.forgets = False

    async def describe(self) -> Store:
        return self.store

    async def space(self) -> str:
        return self.own_space

    async def digests(self) -> Mapping[ToolId, str]:
        self._answer()
        return self.tools

    async def without_vector(self) -> Collection[ToolId]:
        self._answer()
        return self.bare

    async def drop(self, *, vectors: bool) -> None:
        self._answer()
        self.tools.clear()
        if vectors:
            self.kept.clear()

    async def vectors(self, texts: Collection[str]) -> Mapping[str, Vector]:
        self._answer()
        return {text: self.kept[text] for text in texts if text in self.kept}

    async def keep(self, vectors: Mapping[str, Vector]) -> None:
        if not self.forgets:
            self.kept.update(vectors)

    def _answer(self) -> None:
        if self.away is not None:
            raise self.away
