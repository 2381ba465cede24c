"""What is said of an index: whether it is in step with the catalog, and why not."""

from __future__ import annotations

import hashlib

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.index.administration import status, texts
from mcp_toolweaver.text.tool_text import passage
from tests.fakes.index_admin import FakeIndexAdmin
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS = [make_tool("a", domain="x"), make_tool("b", domain="y"), make_tool("c", domain="y")]
SNAPSHOT = Snapshot.of(TOOLS)


def holding(snapshot: Snapshot = SNAPSHOT) -> FakeIndexAdmin:
    admin = FakeIndexAdmin()
    admin.tools = {id_: tool.digest for id_, tool in snapshot.tools.items()}
    return admin


async def test_an_index_of_the_same_tools_is_in_step() -> None:
    found = await status(holding(), SNAPSHOT)
    assert (found.in_step, found.reason) == (True, "")
    assert found.generation == found.catalog_generation == SNAPSHOT.generation
    assert (found.tools, found.with_vector) == (3, 3)
    assert list(found.domains.items()) == [("y", 2), ("x", 1)]
    assert found.space == "fake"


async def test_every_difference_is_counted() -> None:
    admin = holding()
    del admin.tools[TOOLS[0].id]
    admin.tools[TOOLS[1].id] = "older"
    admin.tools[ToolId("srv", "gone")] = "gone"
    admin.bare = {TOOLS[1].id, TOOLS[2].id}
    found = await status(admin, SNAPSHOT)
    assert not found.in_step
    assert found.reason == (
        "1 tool not in it yet, 1 tool changed since, 1 tool in it but gone, 2 tools without a vector"
    )
    assert found.generation != found.catalog_generation
    assert (found.tools, found.with_vector) == (3, 1)


async def test_search_by_words_alone_wants_no_vectors() -> None:
    admin = holding()
    admin.own_space, admin.bare = "", {TOOLS[0].id}
    found = await status(admin, SNAPSHOT)
    assert (found.in_step, found.with_vector) == (True, 2)


async def test_a_store_that_is_away_is_not_in_step_and_says_why() -> None:
    admin = holding()
    admin.away = Unavailable("Qdrant at http://localhost:6333", "connection refused")
    found = await status(admin, SNAPSHOT)
    assert (found.in_step, found.reason) == (False, "Qdrant at http://localhost:6333: connection refused")
    assert (found.generation, found.tools) == ("", 0)
    assert found.store == admin.store


async def test_an_empty_catalog_and_an_empty_index_are_in_step() -> None:
    assert (await status(FakeIndexAdmin(), Snapshot())).in_step


def test_the_texts_of_a_catalog_are_the_hashes_of_what_is_embedded() -> None:
    assert texts(SNAPSHOT) == {hashlib.sha256(passage(tool).encode()).hexdigest() for tool in TOOLS}
