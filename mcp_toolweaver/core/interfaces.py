"""What the parts of Toolweaver are to each other.

A leaf, a wrapper around one and a composite of several implement the same interface.
None has a ``close``: a part with a connection is opened by an async context manager in
its own file, and the composition root holds the only exit stack.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId, ToolResult

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class Searcher(Protocol):
    """Anything that answers a search."""

    async def search(self, request: SearchRequest) -> SearchResult:
        """Answer the request.

        Raises:
            Unavailable: a part that this searcher needs is away.
        """
        ...


class ToolIndex(Protocol):
    """Where the text and the vectors of tools are kept and matched."""

    async def query(self, query: IndexQuery) -> Candidates:
        """Return the union of the best candidates of each lane and probe.

        Each lane brings ``query.limit`` for the first probe, and a few for each of the others.

        Raises:
            Unavailable: the index cannot answer.
        """
        ...

    async def unembedded(self) -> int:
        """Return how many tools are searchable by words alone, for want of a vector; costs nothing."""
        ...

    async def digests(self) -> Mapping[ToolId, str]:
        """Return the digest of each indexed tool.

        Raises:
            Unavailable: the index cannot be read.
        """
        ...

    async def without_vector(self) -> Collection[ToolId]:
        """Return the indexed tools that are searchable by words alone."""
        ...

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """Make a change searchable as a whole: a query sees all of it or nothing.

        A tool that is indexed already, with the same digest, keeps its vector if the entry has none.

        Raises:
            Unavailable: it could not be written; what was searchable before still is.
        """
        ...


class Embedder(Protocol):
    """Turns text into vectors of one space."""

    @property
    def space(self) -> str:
        """Names the vector space of documents: the model, how it is read, its precision."""
        ...

    @property
    def query_space(self) -> str:
        """Names what makes the vectors of queries, which may be quicker and may be compared with that space only."""
        ...

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return the normalized vectors of a question and its parts, in the order of the texts.

        Raises:
            Unavailable: the model is not (or not yet) there.
        """
        ...

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Return one normalized vector a text, in the order of the texts.

        Raises:
            Unavailable: the model is not (or not yet) there.
        """
        ...


class LateModel(Protocol):
    """What embeds once it is loaded."""

    @property
    def is_loaded(self) -> bool:
        """Whether it is there."""
        ...

    @property
    def label(self) -> str:
        """What embeds queries, for people."""
        ...

    @property
    def retry_after(self) -> float | None:
        """Seconds until it makes sense to load it again after it failed; None if it never does."""
        ...

    @property
    def away(self) -> Unavailable | None:
        """Why it cannot answer, such as how far its download is; None if it can."""
        ...

    async def load(self) -> None:
        """Load it and prove that it embeds, unless it is there; `away` says how that failed."""
        ...


class ToolCaller(Protocol):
    """Anything that calls a tool."""

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """Call the tool once.

        Raises:
            InvalidArguments: the arguments do not fit.
            UnknownTool: the tool has left its server's list.
            ToolNotCallable: nothing stands behind the tool.
            Unavailable: the server behind it is away or did not answer in time.
        """
        ...


class CatalogView(Protocol):
    """Read access to the current catalog."""

    @property
    def snapshot(self) -> Snapshot:
        """The current catalog. Take it once for each request."""
        ...

    @property
    def statuses(self) -> Sequence[SourceStatus]:
        """How each source is doing, in the order of the configuration."""
        ...


class CatalogSource(Protocol):
    """Where tools come from and where their calls go: the interface of a plugin.

    Two attributes are read where there are: ``fresh_for``, the seconds that the last listing may be
    believed (None if the source does not know), and ``problems``, texts that say which tools of it
    were left out or repaired, and why.
    """

    async def list_tools(self) -> Sequence[Tool]:
        """List all tools.

        Raises:
            Unavailable: the source cannot be listed just now.
        """
        ...

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool by the name that the source gave it, at most once.

        Raises:
            ToolNotCallable: nothing stands behind the source's tools.
            NotSent: the connection is gone and the call was not executed; `wait_changed` raises too.
            Unavailable: the source went away or did not answer in time.
        """
        ...

    async def wait_changed(self) -> None:
        """Return when the list of tools may have changed; never, if it cannot.

        Raises:
            Unavailable: the connection was lost, and the source must be opened anew.
        """
        ...


class SourceFactory(Protocol):
    """What a plugin registers under the entry point group ``mcp_toolweaver.sources``."""

    def __call__(self, name: str, options: Mapping[str, Any]) -> AbstractAsyncContextManager[CatalogSource]:
        """Open a source under a name of the owner's choice. It is left in the task that entered it.

        Raises:
            ConfigurationError: the options are wrong; the message says which and how to mend it.
            Unavailable: the source cannot be reached.
        """
        ...
