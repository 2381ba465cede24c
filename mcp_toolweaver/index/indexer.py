"""Keeps an index in step with the catalog: only what changed is embedded and written."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder, ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.chunks import ChunkSize, Waiting, is_same
from mcp_toolweaver.text.tool_text import passage

Progress = Callable[[int, int], None]
"""Called with the number of tools embedded so far and the number to embed."""

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
        self.is_able = True
        """Whether tools are embedded, as far as is known: the last try has not failed."""

    @property
    def generation(self) -> str:
        """That of the catalog whose tools are searchable, by words at least; of an empty one before the first."""
        return self._indexed.generation

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

    async def sync_vectors(self, *, on_progress: Progress = lambda _done, _total: None) -> None:
        """Embed what has no vector yet, chunk by chunk, and make it searchable by meaning.

        What `sync_words` brings meanwhile goes first, and what it takes away is not embedded.

        Raises:
            Unavailable: the embedding model is away; the words stay searchable, and what was
                embedded until then is kept.
        """
        ready: list[IndexEntry] = []
        due = self._clock() + _LONGEST_WAIT
        try:
            async for entries in self._chunks(on_progress):
                ready += entries
                if self._clock() > due:
                    due = await self._publish(ready)
                    ready = []
            self.is_able = True
        except Unavailable:
            self.is_able = False
            raise
        finally:
            await self._publish(ready)

    async def unembedded(self) -> int:
        """Return how many tools are searchable by words alone; see `ToolIndex.unembedded`."""
        return await self._index.unembedded()

    async def _chunks(self, on_progress: Progress) -> AsyncGenerator[list[IndexEntry]]:
        """Yield what was embedded, chunk by chunk, until no tool waits."""
        waiting, size, done = Waiting(), ChunkSize(), 0
        seen: Snapshot | None = None
        while True:
            if seen is not self._indexed:
                seen = self._indexed
                waiting.add([seen.tools[id_] for id_ in await self._index.without_vector() if id_ in seen.tools])
            chunk = waiting.take(size.size, self._indexed.tools)
            on_progress(done, done + len(chunk) + len(waiting))
            if not chunk:
                return
            started = self._clock()
            entries = await self._embedded(chunk)
            size.note(len(chunk), self._clock() - started)
            done += len(chunk)
            yield entries

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
            entries = [entry for entry in ready if is_same(current.get(entry.tool.id), entry.tool)]
            if entries:
                await self._index.apply(entries, [])
        now = self._clock()
        return now + max(_LONGEST_WAIT, (now - started) / _WRITING_SHARE)
