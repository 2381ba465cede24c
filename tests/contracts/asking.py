"""What the promises of an index are told with: three tools, and questions in one line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexQuery, Match, Probe
from mcp_toolweaver.text.tokenize import tokenize
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

Promise: TypeAlias = Callable[[ToolIndex], Awaitable[None]]

READ = make_tool("read_file", "Reads a file from the disk.", server="files", domain="storage")
WRITE = make_tool("write_file", "Writes a file to the disk.", server="files", domain="storage")
MAIL = make_tool("send_mail", "Sends a message.", server="Mail", domain="People")
MODEL = FakeEmbedder(dimension=16)


def asking(text: str, *, limit: int = 10, domain: str | None = None, vector: Vector | None = None) -> IndexQuery:
    """Return the question that a text of one need becomes."""
    return IndexQuery((probe(text, vector),), limit, domain)


def probe(text: str, vector: Vector | None = None) -> Probe:
    """Return a reading of a question."""
    return Probe(tuple(tokenize(text)), vector)


async def ask(index: ToolIndex, query: IndexQuery) -> dict[str, Match]:
    """Return the candidates by the name of the tool, which must not repeat."""
    matches = (await index.query(query)).matches
    found = {match.id.name: match for match in matches}
    assert len(found) == len(matches)
    return found
