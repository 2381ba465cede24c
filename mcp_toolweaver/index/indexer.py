"""Keeps an index in step with the catalog: only what changed is embedded and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder, ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
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
        self._published: set[str] = set()
        self._writing = anyio.Lock()

    async def sync_words(self, snapshot: Snapshot) -> None:
        """Make exactly the tools of the snapshot searchable, by words at least."""
        digests = {tool.digest for tool in snapshot.tools.values()}
        self._embedded = {digest: entry for digest, entry in self._embedded.items() if digest in digests}
        async with self._writing:
            known = await self._index.digests()
            changed = [tool for tool in snapshot.tools.values() if known.get(tool.id) != tool.digest]
            gone = [id_ for id_ in known if id_ not in snapshot.tools]
            await self._write([self._embedded.get(tool.digest, IndexEntry(tool)) for tool in changed], gone)

    async def sync_vectors(self, snapshot: Snapshot, *, on_progress: Progress = lambda _done, _total: None) -> None:
        """Embed what has no vector yet, in batches, and make it searchable by meaning.

        Raises:
            Unavailable: the embedding model is away; the words stay searchable, and what was
                embedded until then is kept.
        """
        wanted = self._not_embedded(snapshot)
        try:
            for start in range(0, len(wanted), _BATCH):
                on_progress(start, len(wanted))
                await self._embed(wanted[start : start + _BATCH])
            on_progress(len(wanted), len(wanted))
        finally:
            await self._publish(snapshot)

    def _not_embedded(self, snapshot: Snapshot) -> list[Tool]:
        return [tool for tool in snapshot.tools.values() if tool.digest not in self._embedded]

    async def _embed(self, tools: Sequence[Tool]) -> None:
        vectors = await self._embedder.embed_documents([passage(tool) for tool in tools])
        if len(vectors) != len(tools):
            raise Unavailable("embedding model", f"returned {len(vectors)} vectors for {len(tools)} texts")
        for tool, vector in zip(tools, vectors, strict=True):
            self._embedded[tool.digest] = IndexEntry(tool, vector)

    async def _publish(self, snapshot: Snapshot) -> None:
        """Write the vectors that are not in the index yet, of tools that it holds as they are."""
        async with self._writing:
            known = await self._index.digests()
            ready = [self._embedded[tool.digest] for tool in snapshot.tools.values() if tool.digest in self._embedded]
            new = [entry for entry in ready if entry.tool.digest not in self._published]
            await self._write([entry for entry in new if known.get(entry.tool.id) == entry.tool.digest], [])

    async def _write(self, entries: Sequence[IndexEntry], gone: Sequence[ToolId]) -> None:
        if entries or gone:
            await self._index.apply(entries, gone)
        self._published &= self._embedded.keys()
        self._published |= {entry.tool.digest for entry in entries if entry.vector is not None}
