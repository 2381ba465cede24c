"""Which store the settings ask for, and what the commands do to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.errors import Unavailable, Unneeded
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.store_admin import StoreAdmin
from mcp_toolweaver.stores import Stores
from tests.contracts.asking import ask, asking
from tests.fakes.cache import FakeCache
from tests.fakes.catalog import FakeCatalog
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.qdrant_server import FakeQdrant
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS = [make_tool(f"tool_{number}", "a thing") for number in range(5)]


def stores(folder: Path, model: str, dimension: int = 8, *, url: str | None = None) -> Stores:
    """Return the stores of an installation whose model is not on this machine until it is loaded."""

    async def load() -> Embedder:
        return FakeEmbedder(model, dimension)

    settings = Settings.model_validate(
        {"data_dir": folder, "embedding": {"model": model}, "index": {"grpc": False, "url": url}}
    )
    return Stores(settings, LoadingEmbedder(model, load))


async def fill(opened: Stores, model: str, dimension: int = 8) -> None:
    async with opened.open() as index:
        embedder = FakeEmbedder(model, dimension)
        await index.apply([IndexEntry(tool, embedder.vector(tool.id.name)) for tool in TOOLS], [])


async def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    await fill(stores(tmp_path, "some/model"), "some/model")
    async with stores(tmp_path, "some/model").open() as index:
        assert len(await ask(index, asking("thing"))) == 5
        assert await index.unembedded() == 0


@pytest.mark.parametrize("other", [("organisation/a-model-of-a-long-name-b", 8), ("organisation/model", 16)])
async def test_another_model_finds_nothing_of_the_first(tmp_path: Path, other: tuple[str, int]) -> None:
    first = f"{other[0][:-1]}a" if other[1] == 8 else other[0]
    await fill(stores(tmp_path, first), first)
    async with stores(tmp_path, *other).open() as index:
        assert await index.digests() == {}


@pytest.mark.parametrize("is_remote", [False, True])
async def test_after_a_drop_nothing_is_there_for_the_next_process(tmp_path: Path, is_remote: bool) -> None:  # noqa: FBT001
    server = FakeQdrant()
    async with server.listening():
        url = server.url if is_remote else None
        opened = stores(tmp_path, "some/model", url=url)
        await fill(opened, "some/model")
        admin = StoreAdmin(
            Settings.model_validate({"data_dir": tmp_path}), opened, FakeCache(), FakeCatalog(TOOLS), None
        )
        await admin.drop(vectors=False)
        async with stores(tmp_path, "some/model", url=url).open() as index:
            assert await index.digests() == {}
        await fill(stores(tmp_path, "some/model", url=url), "some/model")
        assert len(await admin.digests()) == 5


async def test_where_a_server_is_away_it_is_named_without_credentials(tmp_path: Path) -> None:
    opened = stores(tmp_path, "some/model", url="http://me:s3cret@127.0.0.1:9")
    settings = Settings.model_validate({"data_dir": tmp_path, "index": {"url": "http://me:s3cret@127.0.0.1:9"}})
    admin = StoreAdmin(settings, opened, FakeCache(), FakeCatalog(TOOLS), None)
    with pytest.raises(Exception, match=r"index\.url"):
        await admin.digests()
    store = await StoreAdmin(
        settings, stores(tmp_path, "some/model", url="http://127.0.0.1:9"), FakeCache(), FakeCatalog(TOOLS), None
    ).describe()
    assert store.where == "127.0.0.1:9"


async def test_without_a_model_there_is_nothing_to_keep_and_nothing_wrong(tmp_path: Path) -> None:
    attempts = 0

    async def fail() -> Embedder:
        nonlocal attempts
        attempts += 1
        raise Unavailable("search by meaning", "the embedding libraries are not installed")

    opened = Stores(
        Settings.model_validate({"data_dir": tmp_path, "embedding": {"model": "some/model"}}),
        LoadingEmbedder("some/model", fail),
    )
    for _ in range(3):
        with pytest.raises(Unneeded, match="not installed"):
            async with opened.open():
                pass
    assert attempts == 1
