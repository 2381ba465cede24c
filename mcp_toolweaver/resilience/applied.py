"""What was made searchable last, whichever index answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId

Change: TypeAlias = tuple[Sequence[IndexEntry], Sequence[ToolId]]
"""What to write and what to delete, as `ToolIndex.apply` takes it."""


@dataclass(frozen=True, eq=False)
class Applied:
    """The outcome of all changes so far; immutable. Tools and vectors are shared, not copied."""

    entries: Mapping[ToolId, IndexEntry] = field(default_factory=dict[ToolId, IndexEntry])

    def changed(self, upserts: Sequence[IndexEntry], deletes: Collection[ToolId]) -> Applied:
        """Return the outcome of one more change; a tool as it was keeps its vector if the entry has none."""
        entries = dict(self.entries)  # copied as it is, which hashes no identity anew
        for id_ in deletes:
            entries.pop(id_, None)
        for entry in upserts:
            known = entries.get(entry.tool.id)
            keeps = entry.vector is None and known is not None and known.tool.digest == entry.tool.digest
            entries[entry.tool.id] = known if keeps and known is not None else entry
        return Applied(entries)

    def without_vectors(self) -> Applied:
        """Return the same tools, searchable by words alone."""
        embedded = [(id_, entry) for id_, entry in self.entries.items() if entry.vector is not None]
        return Applied({**self.entries, **{id_: replace(entry, vector=None) for id_, entry in embedded}})

    def since(self, earlier: Applied) -> Change:
        """Return the change that leads from an earlier outcome to this one."""
        new = [entry for id_, entry in self.entries.items() if earlier.entries.get(id_) is not entry]
        return new, [id_ for id_ in earlier.entries if id_ not in self.entries]

    def missing_in(self, digests: Mapping[ToolId, str], bare: Collection[ToolId]) -> Change:
        """Return what an index lacks that holds these digests, some of them without a vector, and what it has too much.

        A vector that the index has and this has not stays there.
        """
        new = [
            entry
            for id_, entry in self.entries.items()
            if digests.get(id_) != entry.tool.digest or (entry.vector is not None and id_ in bare)
        ]
        return new, [id_ for id_ in digests if id_ not in self.entries]

    def knows_without_vector(self, entry: IndexEntry) -> bool:
        """Whether all that the entry adds is its vector."""
        known = self.entries.get(entry.tool.id)
        return known is not None and known.vector is None and known.tool.digest == entry.tool.digest

    @cached_property
    def digests(self) -> Mapping[ToolId, str]:
        """The digest of each tool."""
        return {id_: entry.tool.digest for id_, entry in self.entries.items()}

    @cached_property
    def bare(self) -> frozenset[ToolId]:
        """The tools without a vector."""
        return frozenset(id_ for id_, entry in self.entries.items() if entry.vector is None)
