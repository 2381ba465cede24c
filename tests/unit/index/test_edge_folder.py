"""A folder belongs to one process, and whatever is wrong with it ends in one clear error or in an empty index."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from mcp_toolweaver.core.errors import InUse, Unavailable
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.qdrant_edge.failures import is_passing
from mcp_toolweaver.index.qdrant_edge.folder import EdgeFolder
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.points import stored
from tests.contracts.versions import CATALOG, assert_same, entries, ids, version
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS, NEW = version(1), version(2)


def no_room(_folder: EdgeFolder, _size: int) -> bool:
    return False


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[StoredIndex]:
    async with open_edge(folder, 16, CATALOG) as engine:
        yield await open_stored(engine, CATALOG, 16)


async def fill(folder: Path) -> Path:
    """Index the tools, and return the folder."""
    async with opened(folder) as index:
        await index.apply(entries(TOOLS), [])
    return folder


async def assert_empty_and_of_use(folder: Path) -> None:
    async with opened(folder) as index:
        assert await index.digests() == {}
        await index.apply(entries(NEW), [])
    async with opened(folder) as index:
        await assert_same(index, NEW)


def shard_of(folder: Path) -> Path:
    (shard,) = folder.glob("shard-*")
    return shard


async def test_what_was_indexed_is_there_again(tmp_path: Path) -> None:
    await fill(tmp_path / "index")
    async with open_edge(tmp_path / "index", 16, CATALOG) as engine:
        await assert_same(await open_stored(engine, CATALOG, 16), TOOLS)
        assert (await stored(engine)).keys() == ids(TOOLS)


async def test_a_folder_that_is_open_cannot_be_opened_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as index:
        with pytest.raises(InUse, match=rf"index: another process uses {tmp_path}"):
            async with opened(tmp_path):
                pass
        await index.apply(entries(TOOLS), [])
        await assert_same(index, TOOLS)
    async with opened(tmp_path) as index:
        await assert_same(index, TOOLS)


async def test_a_folder_is_free_after_an_error_inside(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="inside"):
        async with opened(tmp_path):
            raise KeyError("inside")
    async with opened(tmp_path):
        pass


async def test_only_its_owner_may_read_a_new_folder(tmp_path: Path) -> None:
    await fill(tmp_path / "index")
    assert (tmp_path / "index").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("below", ["", "index", "index/deeper"])
async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"index: .* cannot be used \("):
        async with opened(tmp_path / "file" / below):
            pass


def empty(view: Path) -> None:
    view.write_bytes(b"")


def remove(view: Path) -> None:
    view.unlink()


def overwrite(view: Path) -> None:
    view.write_bytes(random.Random(3).randbytes(5000))


def nest(view: Path) -> None:
    view.write_bytes(b"[" * 5000)


def name_another_shard(view: Path) -> None:
    view.write_bytes(b'{"shard": "shard-../..", "changed": 0}\n')


@pytest.mark.parametrize("damage", [empty, remove, overwrite, nest, name_another_shard])
async def test_a_folder_whose_view_says_nothing_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    damage(await fill(tmp_path) / "view")
    await assert_empty_and_of_use(tmp_path)
    assert shard_of(tmp_path).is_dir()


@pytest.mark.parametrize("place", [60, 500, -1])
async def test_a_damaged_view_is_made_anew_from_the_points(tmp_path: Path, place: int) -> None:
    view = await fill(tmp_path) / "view"
    content = bytearray(view.read_bytes())
    content[place] ^= 64
    view.write_bytes(content)
    async with opened(tmp_path) as index:
        await assert_same(index, TOOLS)


async def test_a_view_that_ends_early_is_made_anew_from_the_points(tmp_path: Path) -> None:
    view = await fill(tmp_path) / "view"
    view.write_bytes(view.read_bytes()[:-100])
    async with opened(tmp_path) as index:
        await assert_same(index, TOOLS)


async def test_a_folder_without_its_shard_is_made_anew(tmp_path: Path) -> None:
    shutil.rmtree(shard_of(await fill(tmp_path)))
    await assert_empty_and_of_use(tmp_path)


DAMAGED = ["edge_config.json", "segments/*/segment.json", "segments/*/payload_index/*domain-map/tracker.dat"]


@pytest.mark.parametrize("pattern", DAMAGED)
async def test_a_damaged_shard_is_set_aside_and_made_anew(
    tmp_path: Path, pattern: str, caplog: pytest.LogCaptureFixture
) -> None:
    (file,) = shard_of(await fill(tmp_path)).glob(pattern)
    file.write_bytes(random.Random(1).randbytes(max(4096, file.stat().st_size)))
    await assert_empty_and_of_use(tmp_path)
    assert "is damaged" in caplog.text
    assert (tmp_path / "damaged").is_dir()
    await fill(tmp_path)


async def test_a_shard_that_lost_points_has_them_written_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_edge(await fill(tmp_path), 16, CATALOG) as engine:
        await engine.remove(ids(TOOLS[:10]))
    async with opened(tmp_path) as index:
        assert set(await index.digests()) == {tool.id for tool in TOOLS[10:]}
        assert "10 of 40 tools are not stored any more" in caplog.text
        await index.apply(entries(TOOLS), [])
        await assert_same(index, TOOLS)


async def test_damage_inside_a_shard_is_told_at_worst(tmp_path: Path) -> None:
    good = await fill(tmp_path / "good")
    files = sorted(path.relative_to(good) for path in shard_of(good).rglob("*") if path.is_file())
    chosen = [path for path in files if any(part in str(path) for part in ("tracker.dat", "mappings", "chunk", "vers"))]
    assert len(chosen) >= 5
    for at, path in enumerate(chosen):
        bad = tmp_path / f"bad{at}"
        shutil.copytree(good, bad)
        (bad / path).write_bytes(random.Random(at).randbytes(4096))
        await assert_told_or_right(bad)
        shutil.rmtree(bad)


async def assert_told_or_right(folder: Path) -> None:
    """Check that an index answers with tools that are there, or says that it cannot."""
    with suppress(Unavailable):  # nothing else comes out
        async with opened(folder) as index:
            assert set(await index.digests()) <= {tool.id for tool in TOOLS}
            await index.apply(entries(NEW), [])
            await assert_same(index, NEW)


async def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_edge(await fill(tmp_path), 16, CATALOG) as engine:
        index = await open_stored(engine, CATALOG, 16)
        with monkeypatch.context() as full:
            full.setattr(EdgeFolder, "has_room", no_room)
            with pytest.raises(Unavailable, match="is nearly full; nothing was written"):
                await index.apply(entries(NEW), [])
            assert (await stored(engine)).keys() == ids(TOOLS)
            await assert_same(index, TOOLS)
        await index.apply(entries(NEW), [])
        await assert_same(index, NEW)


async def test_a_new_folder_on_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EdgeFolder, "has_room", no_room)
    with pytest.raises(Unavailable, match="is nearly full"):
        async with opened(tmp_path):
            pass


async def test_a_view_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async with opened(await fill(tmp_path)) as index:
        (tmp_path / "view.new").mkdir()
        with pytest.raises(Unavailable, match=r"index: writing failed \(Is a directory\)"):
            await index.apply(entries(NEW), [])
        await assert_same(index, TOOLS)
        (tmp_path / "view.new").rmdir()
        await index.apply(entries(NEW), [])
        await assert_same(index, NEW)


async def test_what_a_crash_left_beside_the_shard_is_removed(tmp_path: Path) -> None:
    shard = shard_of(await fill(tmp_path))
    left = [tmp_path / "shard-7", tmp_path / "shard-99999999999999999999"]
    for copy in left:
        shutil.copytree(shard, copy)
    (tmp_path / "view.new").write_bytes(b"half")
    (tmp_path / "shard-of-mine").mkdir()
    async with opened(tmp_path) as index:
        await assert_same(index, TOOLS)
    assert [copy.exists() for copy in left] == [False, False]
    assert (tmp_path / "shard-of-mine").is_dir()


async def test_names_in_any_script_survive(tmp_path: Path) -> None:
    tools = [make_tool("读取", "Öffnet die Datei.", server="Straße"), make_tool("emoji", "🦓 zebra", server="x\ny")]
    async with opened(tmp_path) as index:
        await index.apply([IndexEntry(tool) for tool in tools], [])
    async with opened(tmp_path) as index:
        assert await index.digests() == {tool.id: tool.digest for tool in tools}


def damage_vectors(folder: Path, name: str) -> None:
    """Remove a small file of the vectors, or cut a large one short."""
    (file,) = folder.glob(f"shard-*/segments/*/vector_storage-meaning/vectors/{name}")
    if file.stat().st_size < 1000:
        file.unlink()
    else:
        os.truncate(file, 1000)


@pytest.mark.parametrize("damage", ["status.dat", "chunk_0.mmap"])
async def test_vectors_that_cannot_be_read_are_noticed_when_the_shard_is_opened(tmp_path: Path, damage: str) -> None:
    await fill(tmp_path)
    damage_vectors(tmp_path, damage)
    async with opened(tmp_path) as index:
        assert await index.digests() == {}
        await index.apply(entries(TOOLS), [])
        await assert_same(index, TOOLS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Service runtime error: IO Error: No space left on device (os error 28)", True),
        ("Too many open files (os error 24)", True),
        ("Input/output error (os error 5)", True),
        ("No such file or directory (os error 2)", False),
        ("Failed to deserialize segment.json: EOF", False),
        ("os error 280", False),
    ],
)
def test_a_moment_without_room_is_no_damage(said: str, *, expected: bool) -> None:
    assert is_passing(RuntimeError(said)) is expected
