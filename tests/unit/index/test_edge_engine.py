"""The embedded engine keeps the promises of `Engine`, and so does the fake one that other tests rely on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant_edge import open_edge
from tests.contracts.engine import ENGINE_CONTRACT
from tests.contracts.points import (
    DIMENSION,
    EnginePromise,
    by_meaning,
    find,
    make_point,
    sparse,
    stored,
    unit,
)
from tests.fakes.engine import FakeEngine

pytestmark = pytest.mark.anyio

NONSENSE = np.full(DIMENSION, np.nan, dtype=np.float32)


def name_of(promise: Callable[..., object]) -> str:
    return getattr(promise, "__name__", repr(promise))


@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
async def test_the_engine_keeps_its_promise(tmp_path: Path, promise: EnginePromise) -> None:
    async with open_edge(tmp_path / "index", DIMENSION) as engine:
        await promise(engine)


@pytest.mark.parametrize("is_shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
async def test_the_fake_keeps_its_promise(promise: EnginePromise, *, is_shared: bool) -> None:
    await promise(FakeEngine(is_shared=is_shared))


async def test_what_was_written_is_there_in_the_next_process(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        await engine.write([make_point(at, words=sparse(d3=1), meaning=unit(1, at)) for at in range(200)])
        await engine.remove([0])
        await engine.write_view(b"view")
    async with open_edge(tmp_path, DIMENSION) as engine:
        assert await engine.read_view() == b"view"
        assert set(await stored(engine)) == set(range(1, 200))
        assert list(await find(engine, by_meaning(unit(1), 2))) == [1, 2]


async def test_points_that_no_view_counts_are_not_there_in_the_next_process(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        await engine.write([make_point(1)])
    async with open_edge(tmp_path, DIMENSION) as engine:
        assert await engine.read_view() is None
        assert await stored(engine) == {}


async def test_vectors_are_found_however_many_points_have_the_texts(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        await engine.write([make_point(at, text="same") for at in range(1100)])
        await engine.write([make_point(2**60 + at, meaning=unit(1, at), text=f"t{at}") for at in range(1100)])
        found = await engine.vectors(["same", *(f"t{at}" for at in range(1100))])
    assert found.keys() == {f"t{at}" for at in range(1100)}


async def test_what_is_told_of_it_is_its_folder_its_points_and_its_size(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION, "mine") as engine:
        await engine.write([make_point(1), make_point(2)])
        report = await engine.describe()
    assert (report.where, report.catalogs) == (str(tmp_path), {"mine": 2})
    assert report.bytes_on_disk is not None
    assert report.bytes_on_disk > 10_000


async def test_a_folder_of_another_dimension_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        await engine.write([make_point(1, meaning=unit(1))])
        await engine.write_view(b"view")
    async with open_edge(tmp_path, DIMENSION * 2) as engine:
        assert await engine.read_view() is None
        assert await stored(engine) == {}
    assert "set aside and built anew" in caplog.text


async def test_a_change_that_is_cancelled_is_over_before_anything_else_begins(tmp_path: Path) -> None:
    points = [make_point(at, words=sparse(d3=1), meaning=unit(1, at)) for at in range(1000)]
    async with open_edge(tmp_path, DIMENSION) as engine:
        for wait in (0.0, 0.001, 0.004, 0.016):
            with anyio.move_on_after(wait):
                await engine.write(points)
            with anyio.move_on_after(wait):
                await engine.write_view(b"view")
            await engine.remove(range(1000))
            assert await stored(engine) == {}
    async with open_edge(tmp_path, DIMENSION) as engine:
        assert await engine.read_view() in {None, b"view"}
        assert await stored(engine) == {}


async def test_what_cannot_be_asked_is_told(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        await engine.write([make_point(1, words=sparse(d3=1), meaning=unit(1))])
        for lane in (by_meaning(np.ones(DIMENSION + 1, dtype=np.float32)), by_meaning(unit(1), domain="\ud800")):
            with pytest.raises(Unavailable, match="index: searching failed") as told:
                await engine.search([lane])
            assert "\n" not in str(told.value)
        assert await find(engine, by_meaning(NONSENSE)) == {}
        assert set(await find(engine, by_meaning(unit(1)))) == {1}


async def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    async with open_edge(tmp_path, DIMENSION) as engine:
        for point in (make_point(1, meaning=np.ones(DIMENSION + 1, dtype=np.float32)), make_point(2, name="\ud800")):
            with pytest.raises(Unavailable, match="index: writing failed") as told:
                await engine.write([point])
            assert "\n" not in str(told.value)
        await engine.write([make_point(3)])
        assert set(await stored(engine)) == {3}
