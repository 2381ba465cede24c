"""Until the model is loaded an embedder says why it cannot answer."""

from __future__ import annotations

import logging

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable, Unusable, Warming
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from tests.fakes.embedder import FakeEmbedder

pytestmark = pytest.mark.anyio

AWAY = Unavailable("search by meaning", "the hub is away")
FINAL = Unusable("search by meaning", "not installed")


class Trying:
    """Fails as it is told, then loads; its clock goes by hand."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.tries = 0
        self.now = 1000.0
        self.hold: anyio.Event | None = None
        """What a try waits for, if for anything."""
        self.embedder = LoadingEmbedder("fake", self.load, clock=lambda: self.now)

    async def load(self) -> Embedder:
        self.tries += 1
        await (self.hold.wait() if self.hold else anyio.lowlevel.checkpoint())
        if self.failures:
            raise self.failures.pop(0)
        return FakeEmbedder("space")


async def test_before_it_is_loaded_it_says_that_it_is_loading() -> None:
    embedder = Trying().embedder
    for embed in (embedder.embed_queries, embedder.embed_documents):
        with pytest.raises(Warming, match="search by meaning: the embedding model is still loading"):
            await embed(["a"])
    assert (embedder.space, embedder.is_loading, embedder.retry_after) == ("fake", False, 0)


async def test_once_loaded_it_answers() -> None:
    trying = Trying()
    embedder = trying.embedder
    await embedder.load()
    for embed in (embedder.embed_queries, embedder.embed_documents):
        vectors = await embed(["a", "b", "a"])
        assert [vector.tolist() for vector in vectors] == [
            FakeEmbedder("space").vector(text).tolist() for text in "aba"
        ]
    assert (embedder.space, embedder.away, embedder.retry_after) == ("space", None, None)
    await embedder.load()
    assert trying.tries == 1


async def test_every_caller_learns_why_loading_failed() -> None:
    embedder = Trying(AWAY).embedder
    await embedder.load()
    errors: list[Unavailable] = []
    for _ in range(2):
        with pytest.raises(Unavailable, match="search by meaning: the hub is away") as raised:
            await embedder.embed_queries(["a"])
        errors.append(raised.value)
    assert type(errors[0]) is Unavailable
    assert errors[0] is not errors[1]  # an error that is raised again grows a traceback each time


async def test_what_failed_is_tried_again_later_and_later() -> None:
    trying = Trying(*[AWAY] * 8)
    waits: list[float | None] = []
    for _ in range(7):
        await trying.embedder.load()
        await trying.embedder.load()  # too soon
        waits.append(wait := trying.embedder.retry_after)
        assert wait is not None
        trying.now += wait
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    assert trying.tries == 7


async def test_what_came_back_answers() -> None:
    trying = Trying(AWAY)
    await trying.embedder.load()
    trying.now += 30
    await trying.embedder.load()
    assert trying.embedder.is_loaded
    assert len(await trying.embedder.embed_queries(["a"])) == 1


async def test_while_it_is_tried_again_it_is_loading() -> None:
    trying = Trying(AWAY)
    await trying.embedder.load()
    trying.now += 30
    trying.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(trying.embedder.load)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Warming, match="is still loading"):
            await trying.embedder.embed_queries(["a"])
        trying.hold.set()
    assert trying.embedder.is_loaded


async def test_what_is_final_is_not_tried_again() -> None:
    trying = Trying(FINAL)
    await trying.embedder.load()
    trying.now += 1e6
    await trying.embedder.load()
    assert (trying.tries, trying.embedder.retry_after) == (1, None)
    with pytest.raises(Unusable, match="not installed"):
        await trying.embedder.embed_documents(["a"])


async def test_the_same_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    trying = Trying(AWAY, AWAY, Unavailable("search by meaning", "the disk is full"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await trying.embedder.load()
            trying.now += 1e6
    assert [record.getMessage() for record in caplog.records] == [
        "search by meaning: the hub is away; searching by words alone",
        "search by meaning: the disk is full; searching by words alone",
    ]


async def test_while_it_is_loading_it_says_how_far_it_is() -> None:
    go_on, is_under_way = anyio.Event(), anyio.Event()

    async def load() -> Embedder:
        embedder.tell_download(31_200_000, 90_900_000)
        is_under_way.set()
        await go_on.wait()
        return FakeEmbedder()

    embedder = LoadingEmbedder("fake", load)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(embedder.load)
        await is_under_way.wait()
        assert embedder.is_loading
        with pytest.raises(Warming, match="is being downloaded: 31 of 91 MB"):
            await embedder.embed_queries(["a"])
        embedder.tell_download(90_900_000, 90_900_000)
        assert str(embedder.away) == "search by meaning: the embedding model is still loading"
        embedder.tell("the model is being exported")
        assert str(embedder.away) == "search by meaning: the model is being exported"
        go_on.set()
    assert not embedder.is_loading
    assert embedder.away is None


async def test_who_asks_while_it_is_loading_waits_for_the_same_model() -> None:
    trying = Trying()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(trying.embedder.load)
    assert trying.tries == 1


async def test_a_load_that_was_cancelled_begins_anew() -> None:
    trying = Trying()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await trying.embedder.load()
    assert not trying.embedder.is_loaded
    await trying.embedder.load()
    assert trying.embedder.is_loaded


async def test_a_bug_in_loading_is_not_hidden() -> None:
    embedder = Trying(ValueError("a bug")).embedder
    with pytest.raises(ValueError, match="a bug"):
        await embedder.load()
    assert not embedder.is_loaded
    with pytest.raises(Unavailable):
        await embedder.embed_queries(["a"])
