"""An index that answers for real, until a test makes it fail, hang or die half-way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.memory import MemoryIndex


class FlakyIndex:
    """A `ToolIndex` in memory that remembers what was asked of it."""

    def __init__(self) -> None:
        self.entries: dict[ToolId, IndexEntry] = {}
        self.queries = 0
        self.changes: list[tuple[list[str], list[str]]] = []
        """The names that each change wrote and deleted."""
        self.failure: Exception | None = None
        """Raised by whatever is asked."""
        self.failure_of_changes: Exception | None = None
        self.tears = False
        """Whether a change that fails leaves half of itself behind."""
        self.held: anyio.Event | None = None
        """Queries wait for it."""
        self.changes_held: anyio.Event | None = None
        self.reads_held: anyio.Event | None = None
        """Questions for what is there wait for it."""
        self.translates_cancellation = False
        """Whether it makes an error of its own of a cancellation, as some clients do."""
        self._memory = MemoryIndex()

    @property
    def names(self) -> set[str]:
        """The names of the tools that it holds."""
        return {id_.name for id_ in self.entries}

    @property
    def with_vectors(self) -> set[str]:
        """The names of the tools that are searchable by meaning."""
        return {id_.name for id_, entry in self.entries.items() if entry.vector is not None}

    async def query(self, query: IndexQuery) -> Candidates:
        self.queries += 1
        self._fail()
        await self._wait_for(self.held)
        self._fail()
        return await self._memory.query(query)

    async def unembedded(self) -> int:
        return len(await self.without_vector())

    async def digests(self) -> Mapping[ToolId, str]:
        self._fail()
        await self._wait_for(self.reads_held)
        return {id_: entry.tool.digest for id_, entry in self.entries.items()}

    async def without_vector(self) -> Collection[ToolId]:
        self._fail()
        await self._wait_for(self.reads_held)
        return [id_ for id_, entry in self.entries.items() if entry.vector is None]

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        self.changes.append((sorted(entry.tool.id.name for entry in upserts), sorted(id_.name for id_ in deletes)))
        self._fail()
        await self._wait_for(self.changes_held)
        if self.tears:
            await self._write(upserts[: len(upserts) // 2], [])
        if self.failure_of_changes is not None:
            raise self.failure_of_changes
        await self._write(upserts, deletes)

    async def _write(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        entries = {id_: entry for id_, entry in self.entries.items() if id_ not in deletes}
        for entry in upserts:
            known = entries.get(entry.tool.id)
            is_same = known is not None and known.tool.digest == entry.tool.digest and entry.vector is None
            entries[entry.tool.id] = known if known is not None and is_same else entry
        await self._memory.apply([entries[entry.tool.id] for entry in upserts], deletes)
        self.entries = entries

    async def _wait_for(self, event: anyio.Event | None) -> None:
        if event is None:
            return
        try:
            await event.wait()
        except anyio.get_cancelled_exc_class() as cancelled:
            if self.translates_cancellation:
                raise Unavailable("store", "the call was cancelled") from cancelled
            raise

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
