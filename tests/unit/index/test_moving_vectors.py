"""Vectors go from one index to another by a file, and none is embedded on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from mcp_toolweaver.core.errors import InvalidRequest, Unavailable
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.index.moving import Moved, receive, send
from mcp_toolweaver.index.portable import reading
from mcp_toolweaver.text.tool_text import passage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.index_admin import FakeIndexAdmin
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

SNAPSHOT = Snapshot.of([make_tool(f"tool_{number}", f"Does thing {number}.") for number in range(3)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.bin"


def full(snapshot: Snapshot = SNAPSHOT) -> FakeIndexAdmin:
    """Return the store of an index in which every tool has its vector."""
    admin, embedder = FakeIndexAdmin(), FakeEmbedder()
    for tool in snapshot.tools.values():
        text = passage(tool)
        admin.kept[hashlib.sha256(text.encode()).hexdigest()] = embedder.vector(text)
    return admin


async def test_every_vector_arrives_as_it_was(path: Path) -> None:
    source, target = full(), FakeIndexAdmin()
    assert await send(source, SNAPSHOT, path) == Moved(vectors=3, wanted=3, found=3)
    with reading(path) as file:
        assert await receive(target, SNAPSHOT, file) == Moved(vectors=3, wanted=3, found=3)
    assert target.kept.keys() == source.kept.keys()
    for text, vector in source.kept.items():
        np.testing.assert_array_equal(target.kept[text], vector)


async def test_what_has_no_vector_yet_is_counted_and_left_out(path: Path) -> None:
    source = full()
    source.kept.popitem()
    assert await send(source, SNAPSHOT, path) == Moved(vectors=2, wanted=3, found=2)


async def test_vectors_of_other_catalogs_stay_where_they_are(path: Path) -> None:
    source = full(Snapshot.of([*SNAPSHOT.tools.values(), make_tool("foreign")]))
    assert (await send(source, SNAPSHOT, path)).vectors == 3


async def test_vectors_for_tools_that_are_not_here_are_kept_for_later(path: Path) -> None:
    await send(full(), SNAPSHOT, path)
    target = FakeIndexAdmin()
    with reading(path) as file:
        moved = await receive(target, Snapshot.of(list(SNAPSHOT.tools.values())[:1]), file)
    assert moved == Moved(vectors=3, wanted=1, found=1)
    assert len(target.kept) == 3


async def test_a_cache_that_keeps_nothing_is_not_counted_as_found(path: Path) -> None:
    await send(full(), SNAPSHOT, path)
    target = FakeIndexAdmin()
    target.forgets = True
    with reading(path) as file:
        assert (await receive(target, SNAPSHOT, file)).found == 0


async def test_another_models_vectors_are_refused_and_none_is_kept(path: Path) -> None:
    await send(full(), SNAPSHOT, path)
    target = FakeIndexAdmin(space="another")
    with reading(path) as file, pytest.raises(InvalidRequest, match=r"'fake'.*'another'"):
        await receive(target, SNAPSHOT, file)
    assert target.kept == {}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (f"{'a' * 32}-int8", f"of another precision ('{'a' * 32}-fp32') than the configured one ('{'a' * 32}-int8')"),
        (f"{'b' * 32}-fp32", f"of another model ('{'a' * 32}-fp32') than the configured one ('{'b' * 32}-fp32')"),
        ("c" * 5000, f"of another model ('{'a' * 32}-fp32') than the configured one ('{'c' * 20}…{'c' * 20}')"),
    ],
)
async def test_in_what_the_vectors_differ_is_said(path: Path, other: str, said: str) -> None:
    source = full()
    source.own_space = f"{'a' * 32}-fp32"
    await send(source, SNAPSHOT, path)
    with reading(path) as file, pytest.raises(InvalidRequest) as raised:
        await receive(FakeIndexAdmin(space=other), SNAPSHOT, file)
    assert said in str(raised.value)


async def test_without_any_vector_there_is_no_file(path: Path) -> None:
    with pytest.raises(InvalidRequest, match="none of the 3 tools"):
        await send(FakeIndexAdmin(), SNAPSHOT, path)
    assert list(path.parent.iterdir()) == []


async def test_by_words_alone_there_is_nothing_to_move(path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"embedding\.enabled"):
        await send(FakeIndexAdmin(space=""), SNAPSHOT, path)


async def test_a_store_that_is_away_leaves_no_half_a_file(path: Path) -> None:
    source = full()
    source.away = Unavailable("Qdrant", "refused")
    with pytest.raises(Unavailable, match="refused"):
        await send(source, SNAPSHOT, path)
    assert list(path.parent.iterdir()) == []
