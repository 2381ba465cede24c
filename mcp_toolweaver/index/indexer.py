"""Keeps an index in step with the catalog: only what changed is embedded and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder, ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.text.tool_text import passage

Progress = Callable[[int, int], None]
"""Called with the number of tools embedded so far and the number to embed."""

_BATCH = 64


class Indexer:
    """Makes the tools of a snapshot searchable, first by words and then by meaning."""

    def __init__(self, index: ToolIndex, embedder: Embedder) -> None:
        """Write to ``index`` what ``embedder`` embeds."""
        self._index = index
        self._embedder = embedder
        self._embedded: dict[str, IndexEntry] = {}
        self._writing = anyio.Lock()

    def missing_vectors(self, snapshot: Snapshot) -> int:
        """Return how many tools of the snapshot are not searchable by meaning yet."""
        return len(self._not_embedded(snapshot))

    async def sync_words(self, snapshot: Snapshot) -> None:
        """Make exactly the tools of the snapshot searchable, by words at least."""
        digests = {tool.digest for tool in snapshot.tools.values()}
        self._embedded = {digest: entry for digest, entry in self._embedded.items() if digest in digests}
        async with self._writing:
            known = await self._index.digests()
            changed = [tool for tool in snapshot.tools.values() if known.get(tool.id) != tool.digest]
            gone = [id_ for id_ in known if id_ not in snapshot.tools]
            if changed or gone:
                await self._index.apply([self._embedded.get(tool.digest, IndexEntry(tool)) for tool in changed], gone)

    async def sync_vectors(self, snapshot: Snapshot, *, on_progress: Progress = lambda _done, _total: None) -> None:
        """Embed what has no vector yet, in batches, and make it searchable by meaning.

        Raises:
            Unavailable: the embedding model is away; the words stay searchable.
        """
        wanted = self._not_embedded(snapshot)
        for start in range(0, len(wanted), _BATCH):
            on_progress(start, len(wanted))
            await self._embed(wanted[start : start + _BATCH])
        on_progress(len(wanted), len(wanted))
        await self._publish(wanted)

    def _not_embedded(self, snapshot: Snapshot) -> list[Tool]:
        return [tool for tool in snapshot.tools.values() if tool.digest not in self._embedded]

    async def _embed(self, tools: Sequence[Tool]) -> None:
        vectors = await self._embedder.embed_documents([passage(tool) for tool in tools])
        if len(vectors) != len(tools):
            raise Unavailable("embedding model", f"returned {len(vectors)} vectors for {len(tools)} texts")
        for tool, vector in zip(tools, vectors, strict=True):
            self._embedded[tool.digest] = IndexEntry(tool, vector)

    async def _publish(self, tools: Sequence[Tool]) -> None:
        """Write the new vectors of tools that neither changed nor left the catalog meanwhile."""
        async with self._writing:
            known = await self._index.digests()
            current = (tool.digest for tool in tools if known.get(tool.id) == tool.digest)
            entries = [self._embedded[digest] for digest in current if digest in self._embedded]
            if entries:
                await self._index.apply(entries, [])
