"""Until the model is loaded an embedder says why it cannot answer."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
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


async def test_who_leaves_does_not_end_the_loading() -> None:
    trying = Trying()
    trying.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(trying.embedder.load)
        while not trying.tries:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert trying.embedder.is_loading
    trying.hold.set()
    await trying.embedder.load()
    assert trying.embedder.is_loaded
    assert trying.tries == 1


async def test_what_nobody_expected_is_a_failure_like_others_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    trying = Trying(ValueError("a bug"), ValueError("a bug"), KeyError("another"))
    for _ in range(3):
        await trying.embedder.load()
        assert not trying.embedder.is_loading
        with pytest.raises(Unavailable, match=r"the embedding model cannot be loaded: (Value|Key)Error"):
            await trying.embedder.embed_queries(["a"])
        assert trying.embedder.retry_after, "after a while"
        trying.now += 1e6
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError, KeyError]
    await trying.embedder.load()
    assert trying.embedder.is_loaded


CHILD = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
LEAVES = """
import os
import anyio
from mcp_toolweaver.core.children import run_module
from mcp_toolweaver.embeddings.loading import LoadingEmbedder

async def load():
    try:
        await run_module("a_child_of_the_test", on_line=hear)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(look)

def hear(line):
    global pid
    pid = int(line)
    begun.set()

def look():
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        print("it has ended")

async def main():
    global begun
    begun = anyio.Event()
    embedder = LoadingEmbedder("fake", load)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(embedder.load)
        await begun.wait()
        tasks.cancel_scope.cancel()
    print("it goes on" if embedder.is_loading else "it does not go on")

anyio.run(main)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal there asks whether a process is alive")
def test_at_the_end_of_the_program_the_loading_and_its_process_end_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "a_child_of_the_test.py").write_text(CHILD, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-c", LEAVES],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.stdout, done.stderr, done.returncode) == ("it goes on\nit has ended\n", "", 0)
