"""An index that answers what a test wrote down."""

from collections.abc import Collection, Mapping, Sequence

from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, Match
from mcp_toolweaver.core.tools import ToolId


class FakeIndex:
    """A `ToolIndex` that keeps what is applied, remembers each change, and answers with fixed matches."""

    def __init__(self, matches: Sequence[Match] = (), skipped: tuple[str, ...] = ()) -> None:
        self.matches = matches
        self.skipped = skipped
        self.entries: dict[ToolId, IndexEntry] = {}
        self.queries: list[IndexQuery] = []
        self.changes: list[tuple[list[IndexEntry], list[ToolId]]] = []

    @property
    def with_vectors(self) -> set[str]:
        """The names of the tools that are searchable by meaning."""
        return {id_.name for id_, entry in self.entries.items() if entry.vector is not None}

    async def query(self, query: IndexQuery) -> Candidates:
        self.queries.append(query)
        return Candidates(tuple(self.matches), skipped=self.skipped)

    async def unembedded(self) -> int:
        return sum(entry.vector is None for entry in self.entries.values())

    async def without_vector(self) -> Collection[ToolId]:
        return [id_ for id_, entry in self.entries.items() if entry.vector is None]

    async def digests(self) -> Mapping[ToolId, str]:
        return {id_: entry.tool.digest for id_, entry in self.entries.items()}

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        self.changes.append((list(upserts), list(deletes)))
        for id_ in deletes:
            self.entries.pop(id_, None)
        self.entries.update({entry.tool.id: entry for entry in upserts})
