"""Keeps an index in step with the catalog: only what changed is embedded and written."""

from __future__ import annotations

import random
import time
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
_LONGEST_WAIT = 5.0
_WRITING_SHARE = 0.1
"""Vectors are written every five seconds, or so seldom that writing takes a tenth of the time."""


class Indexer:
    """Makes the tools of a snapshot searchable, first by words and then by meaning."""

    def __init__(self, index: ToolIndex, embedder: Embedder, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Write to ``index`` what ``embedder`` embeds; ``clock`` returns seconds."""
        self._index = index
        self._embedder = embedder
        self._clock = clock
        self._indexed = Snapshot()
        self._writing = anyio.Lock()

    async def sync_words(self, snapshot: Snapshot) -> None:
        """Make exactly the tools of the snapshot searchable, by words at least.

        Raises:
            Unavailable: the index cannot be read or written.
        """
        async with self._writing:
            known = await self._index.digests()
            changed = [IndexEntry(tool) for tool in snapshot.tools.values() if known.get(tool.id) != tool.digest]
            gone = [id_ for id_ in known if id_ not in snapshot.tools]
            if changed or gone:
                await self._index.apply(changed, gone)
            self._indexed = snapshot

    async def sync_vectors(self, snapshot: Snapshot, *, on_progress: Progress = lambda _done, _total: None) -> None:
        """Embed what has no vector yet, in batches, and make it searchable by meaning.

        The order is random, so that processes which share their vectors seldom embed the same ones.

        Raises:
            Unavailable: the embedding model is away; the words stay searchable, and what was
                embedded until then is kept.
        """
        bare = await self._index.without_vector()
        wanted = [snapshot.tools[id_] for id_ in bare if id_ in snapshot.tools]
        random.shuffle(wanted)
        ready: list[IndexEntry] = []
        due = self._clock() + _LONGEST_WAIT
        try:
            for start in range(0, len(wanted), _BATCH):
                on_progress(start, len(wanted))
                ready += await self._embedded(wanted[start : start + _BATCH])
                if self._clock() > due:
                    due = await self._publish(ready)
                    ready = []
            on_progress(len(wanted), len(wanted))
        finally:
            await self._publish(ready)

    async def _embedded(self, tools: Sequence[Tool]) -> list[IndexEntry]:
        vectors = await self._embedder.embed_documents([passage(tool) for tool in tools])
        if len(vectors) != len(tools):
            raise Unavailable("embedding model", f"returned {len(vectors)} vectors for {len(tools)} texts")
        return list(map(IndexEntry, tools, vectors))

    async def _publish(self, ready: Sequence[IndexEntry]) -> float:
        """Write vectors of tools that are indexed as they are; return when to write the next ones."""
        started = self._clock()
        async with self._writing:
            current = self._indexed.tools
            entries = [entry for entry in ready if _is_same(current.get(entry.tool.id), entry.tool)]
            if entries:
                await self._index.apply(entries, [])
        now = self._clock()
        return now + max(_LONGEST_WAIT, (now - started) / _WRITING_SHARE)


def _is_same(indexed: Tool | None, tool: Tool) -> bool:
    return indexed is not None and indexed.digest == tool.digest
