"""Whatever a Qdrant server does, a question ends in time, in the right answer or in one line that says what to do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Deadlines, Place
from tests.contracts.points import DIMENSION, SPACE, by_meaning, by_words, find, make_point, sparse, stored, unit
from tests.fakes import qdrant_faults as faults
from tests.fakes.qdrant_http import Request
from tests.fakes.qdrant_server import FakeQdrant, Fault, fake_qdrant

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)
SOON = Deadlines(search=0.25, other=0.25)
PATIENT = Deadlines(search=20, other=20)
"""A busy machine may hold up any answer that comes in the end."""
X = unit(1)

FAULTS: dict[str, tuple[Fault, str]] = {
    "says nothing": (faults.says_nothing, "did not answer in time"),
    "drips": (faults.drips, "did not answer in time"),
    "dies in the middle": (faults.dies_in_the_middle, "broke off the connection"),
    "hangs up": (faults.hangs_up, "broke off the connection"),
    "speaks no HTTP": (faults.speaks_no_http, "broke off the connection"),
    "fails": (faults.fails, "says: 500: Service internal error: disk is full at /x"),
    "is restarting": (faults.is_restarting, "answers with status 503"),
    "forbids": (faults.forbids, "set index.api_key"),
    "is busy": (faults.is_busy, "is busy"),
    "shows a page": (faults.shows_a_page, "is not Qdrant's REST API; correct index.url"),
    "shows a missing page": (faults.shows_a_missing_page, "is not Qdrant's REST API; correct index.url"),
    "answers null": (faults.answers_null, "answers nonsense"),
    "answers other JSON": (faults.answers_other_json, "answers nonsense"),
    "answers no result": (faults.answers_no_result, "answers nonsense"),
    "answers broken JSON": (faults.answers_broken_json, "is not Qdrant's REST API"),
    "answers binary": (faults.answers_binary, "is not Qdrant's REST API"),
}
ENDLESS = (faults.says_nothing, faults.drips)
each_fault = pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)


async def search(engine: QdrantEngine) -> object:
    return await find(engine, by_meaning(X))


async def write(engine: QdrantEngine) -> object:
    await engine.write([make_point(2, meaning=X)])
    return None


async def remove(engine: QdrantEngine) -> object:
    await engine.remove([2])
    return None


async def read(engine: QdrantEngine) -> object:
    return await stored(engine)


async def look_up(engine: QdrantEngine) -> object:
    return await engine.vectors(["text 1"])


@asynccontextmanager
async def opened(server: FakeQdrant, deadlines: Deadlines = PATIENT) -> AsyncGenerator[QdrantEngine]:
    """Open an engine that has one point."""
    async with open_qdrant(Address(server.url, prefer_grpc=False), PLACE, deadlines=deadlines) as engine:
        await engine.write([make_point(1, words=sparse(d3=1), meaning=X)])
        yield engine


@contextmanager
def meeting(fault: Fault, server: FakeQdrant, engine: QdrantEngine) -> Generator[None]:
    """Let the server have a fault for a while; only where nothing comes is the engine in a hurry."""
    patient = engine.link
    engine.link = replace(patient, deadlines=SOON if fault in ENDLESS else PATIENT)
    server.fault = fault
    yield
    server.fault = None
    engine.link = patient


async def complaint(action: Callable[[], Awaitable[object]]) -> Unavailable:
    """Return the error that an action ends in, which is one readable line."""
    with anyio.fail_after(10), pytest.raises(Unavailable) as raised:
        await action()
    assert raised.value.reason.isprintable()
    assert len(raised.value.reason) < 400
    return raised.value


ACTIONS = (search, write, remove, read, look_up)


@each_fault
async def test_a_fault_in_the_middle_is_told_and_ends(fault: Fault, said: str) -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        for action in ACTIONS:
            with meeting(fault, server, engine):
                error = await complaint(partial(action, engine))
            assert said in error.reason
            assert f"127.0.0.1:{server.port}" in error.reason
            await action(engine)
            assert 1 in await find(engine, by_meaning(X))


@each_fault
async def test_a_fault_at_the_start_is_told(fault: Fault, said: str) -> None:
    async with fake_qdrant() as server:
        server.fault = fault
        error = await complaint(lambda: opened(server, SOON if fault in ENDLESS else PATIENT).__aenter__())
        assert said in error.reason or "is not Qdrant's REST API" in error.reason
        server.fault = None
        async with opened(server) as engine:
            assert set(await stored(engine)) == {1}


async def test_a_server_that_is_not_there_yet() -> None:
    server = FakeQdrant()
    async with server.listening():
        pass
    assert "cannot be reached; start it" in (await complaint(lambda: opened(server).__aenter__())).reason
    async with server.listening(), opened(server) as engine:
        assert set(await stored(engine)) == {1}


async def test_a_server_that_goes_away_and_comes_back() -> None:
    server = FakeQdrant()
    async with AsyncExitStack() as up:
        await up.enter_async_context(server.listening())
        async with opened(server) as engine:
            await up.aclose()
            for action in ACTIONS:
                assert "cannot be reached" in (await complaint(partial(action, engine))).reason
            async with server.listening():
                for action in ACTIONS:
                    await action(engine)
                    assert 1 in await find(engine, by_meaning(X))


async def test_a_late_answer_is_a_deadline() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        with meeting(faults.says_nothing, server, engine):
            assert isinstance(await complaint(lambda: search(engine)), DeadlineExceeded)


def replaced(path: str, value: Any) -> Callable[[Request, Any], Any]:
    """Return an alteration of what one path answers."""
    return lambda request, result: value if request.path.endswith(path) else result


def hits(*points: tuple[Any, Any]) -> list[Any]:
    return [{"points": [{"id": id_, "version": 1, "score": score} for id_, score in points]}]


@pytest.mark.parametrize(
    "answer",
    [
        hits((1, float("nan"))),
        hits((1, float("inf"))),
        hits((1, 1.5)),
        hits((1, -7)),
        hits((1, None)),
        hits((1, "high")),
        hits(("0b8e4a52-5d3c-4ab1-bd51-7d9e6a3c1c11", 0.5)),
        hits((None, 0.5)),
        hits(*[(at, 0.5) for at in range(11)]),
        [],
        hits() * 2,
        [{"points": None}],
        {"points": []},
    ],
)
async def test_an_answer_that_cannot_be_true_is_none(answer: Any) -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/query/batch", answer)
        assert "answers nonsense" in (await complaint(lambda: search(engine))).reason
        server.alter = None
        assert await find(engine, by_meaning(X)) == {1: pytest.approx(1)}


async def test_a_score_by_words_that_is_no_number_is_no_answer() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/query/batch", hits((1, float("nan"))))
        assert "answers nonsense" in (await complaint(lambda: find(engine, by_words(sparse(d3=1))))).reason


async def test_a_point_that_two_shards_hold_counts_once() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/query/batch", hits((1, 0.5), (2, 0.7), (1, 0.5)))
        assert await find(engine, by_meaning(X)) == {2: 0.7, 1: 0.5}


async def test_pages_that_never_end_are_no_answer() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/scroll", {"points": [], "next_page_offset": 5})
        assert "answers nonsense" in (await complaint(lambda: read(engine))).reason


async def test_a_change_that_was_not_carried_out_is_an_error() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points", {"operation_id": 1, "status": "acknowledged"})
        assert "not carried out" in (await complaint(lambda: write(engine))).reason


async def test_points_that_no_toolweaver_wrote_are_left_out() -> None:
    uuid, ours = "0b8e4a52-5d3c-4ab1-bd51-7d9e6a3c1c11", {"server": "s", "name": "n", "digest": "d", "domain": "x"}
    records = [
        {"id": uuid, "payload": ours},
        {"id": 2, "payload": None},
        {"id": 3, "payload": {"server": 7}},
        {"id": 4, "payload": ours, "vector": {"words": [1.0, 2.0]}},
    ]
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/scroll", {"points": records, "next_page_offset": None})
        found = await stored(engine)
    assert set(found) == {4}
    assert (found[4].has_meaning, list(found[4].words.indices)) == (False, [])


@pytest.mark.parametrize("vector", [[0.0] * 8, [9.0] * 8, [1.0] * 3, [float("nan")] * 8, None, [[1.0] * 8]])
async def test_a_vector_that_cannot_be_compared_is_not_there(vector: Any) -> None:
    record = {"id": 1, "payload": {"text": "text 1"}, "vector": {"meaning": vector} if vector else None}
    async with fake_qdrant() as server, opened(server) as engine:
        server.alter = replaced("/points/scroll", {"points": [record], "next_page_offset": None})
        assert await engine.vectors(["text 1"]) == {}
