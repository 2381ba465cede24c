"""What every `Engine` promises. A test file runs `ENGINE_CONTRACT` on each, over 8 dimensions.

Each promise is an asynchronous function that takes an empty engine.
"""

from __future__ import annotations

import numpy as np
import pytest

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import Engine, Within
from tests.contracts.points import (
    NOTHING,
    EnginePromise,
    by_meaning,
    by_words,
    find,
    make_point,
    renamed,
    sparse,
    stored,
    unit,
)

X, Y, BETWEEN = unit(1), unit(0, 1), unit(1, 1)
LARGEST = 2**64 - 1
FARTHEST = 2**32 - 1


async def an_empty_engine_finds_nothing(engine: Engine) -> None:
    lanes = [by_meaning(X), by_words(sparse(d1=1)), by_meaning(X, domain="files", among=[1])]
    assert [list(found) for found in await engine.search(lanes)] == [[], [], []]
    assert await stored(engine) == {}
    assert await engine.vectors(["text 1"]) == {}


async def no_lanes_find_nothing(engine: Engine) -> None:
    assert list(await engine.search([])) == []


async def meaning_is_compared_by_cosine(engine: Engine) -> None:
    await engine.write([make_point(1, meaning=X), make_point(2, meaning=BETWEEN), make_point(3, meaning=-X)])
    found = await find(engine, by_meaning(X))
    assert list(found) == [1, 2, 3]
    assert list(found.values()) == pytest.approx([1, 2**-0.5, -1], abs=1e-5)


async def words_are_compared_by_dot_product(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=0.5, d9=2)), make_point(2, words=sparse(d3=1))])
    assert await find(engine, by_words(sparse(d3=3, d5=7))) == pytest.approx({2: 3, 1: 1.5}, abs=1e-5)


async def a_point_without_one_of_the_words_is_not_found(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=1)), make_point(2, words=sparse(d4=1)), make_point(3)])
    assert set(await find(engine, by_words(sparse(d3=1), among=[1, 2, 3]))) == {1}


async def a_point_without_meaning_is_found_by_words_alone(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=1)), make_point(2, words=sparse(d3=1), meaning=X)])
    assert set(await find(engine, by_meaning(X))) == {2}
    assert set(await find(engine, by_meaning(X, among=[1, 2]))) == {2}
    assert set(await find(engine, by_words(sparse(d3=1)))) == {1, 2}


async def each_lane_has_its_own_answer_in_order(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=1), meaning=X), make_point(2, words=sparse(d4=1), meaning=Y)])
    empty = by_words(NOTHING)
    lanes = [
        by_words(sparse(d4=1)),
        empty,
        by_meaning(X, 1),
        by_meaning(Y, 1),
        by_meaning(X, 0),
        by_words(sparse(d3=1)),
    ]
    found = await engine.search(lanes)
    assert [[id_ for id_, _ in one] for one in found] == [[2], [], [1], [2], [], [1]]


async def a_lane_brings_no_more_than_its_limit(engine: Engine) -> None:
    await engine.write([make_point(at, words=sparse(d3=at), meaning=unit(1, at)) for at in range(1, 8)])
    assert list(await find(engine, by_words(sparse(d3=1), 3))) == [7, 6, 5]
    assert list(await find(engine, by_meaning(X, 2))) == [1, 2]


async def a_lane_keeps_to_the_points_it_is_given(engine: Engine) -> None:
    await engine.write([make_point(at, words=sparse(d3=1), meaning=unit(1, at)) for at in range(1, 8)])
    assert set(await find(engine, by_meaning(X, among=[2, 5, 99]))) == {2, 5}
    assert set(await find(engine, by_words(sparse(d3=1), among=[7, 1]))) == {1, 7}
    assert await find(engine, by_meaning(X, among=[])) == {}


async def a_domain_or_a_server_narrows_a_lane_in_any_case(engine: Engine) -> None:
    words = sparse(d3=1)
    await engine.write(
        [
            make_point(1, server="Mail", domain="People", words=words, meaning=X),
            make_point(2, server="straße", domain="general", words=words, meaning=X),
            make_point(3, server="people", domain="mail", words=words, meaning=X),
            make_point(4, server="files", domain="storage", words=words, meaning=X),
        ]
    )
    wanted: dict[str, set[int]] = {"PEOPLE": {1, 3}, "mail": {1, 3}, "STRASSE": {2}, "General": {2}, "peop": set()}
    for domain, expected in wanted.items():
        assert set(await find(engine, by_words(words, domain=domain))) == expected, domain
        assert set(await find(engine, by_meaning(X, domain=domain))) == expected, domain
    assert set(await find(engine, by_meaning(X, domain="mail", among=[3, 4]))) == {3}


async def a_lane_keeps_to_a_part_of_servers_and_points(engine: Engine) -> None:
    servers = {1: "Mail", 2: "files", 3: "files", 4: "other"}
    await engine.write([make_point(at, server=each, meaning=X, domain="d") for at, each in servers.items()])
    parts: dict[Within, set[int]] = {
        Within(frozenset({"files"}), frozenset()): {2, 3},
        Within(frozenset({"files"}), frozenset({4, 99})): {2, 3, 4},
        Within(frozenset({"mail"}), frozenset({1})): {1},
        Within(frozenset(), frozenset()): set(),
    }
    for part, expected in parts.items():
        assert set(await find(engine, by_meaning(X, within=part))) == expected, part
    files = Within(frozenset({"files"}), frozenset())
    assert set(await find(engine, by_meaning(X, domain="d", among=[1, 2], within=files))) == {2}


async def what_is_written_again_is_replaced(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=1), meaning=X), make_point(2, words=sparse(d4=1))])
    await engine.write([renamed(make_point(1, words=sparse(d5=1), meaning=Y), "open")])
    points = await stored(engine)
    assert points[1].tool == ToolId("files", "open")
    assert await find(engine, by_words(sparse(d3=1))) == {}
    assert set(await find(engine, by_words(sparse(d5=1)))) == {1}
    assert await find(engine, by_meaning(Y)) == {1: pytest.approx(1, abs=1e-5)}


async def a_vector_written_later_is_found(engine: Engine) -> None:
    await engine.write([make_point(1, words=sparse(d3=1))])
    await engine.write([make_point(1, words=sparse(d3=1), meaning=X)])
    assert (await stored(engine))[1].has_meaning
    assert set(await find(engine, by_meaning(X))) == {1}


async def what_is_removed_is_gone_and_the_unknown_is_ignored(engine: Engine) -> None:
    await engine.write([make_point(at, words=sparse(d3=1), meaning=X) for at in (1, 2, 3)])
    await engine.remove([1, 3, 99])
    await engine.remove([])
    assert set(await stored(engine)) == {2}
    assert set(await find(engine, by_meaning(X))) == {2}
    assert set(await find(engine, by_words(sparse(d3=1)))) == {2}


async def points_are_read_back_as_they_were_written(engine: Engine) -> None:
    words = sparse(d0=0.25, d7=1.5, d4294967295=3)
    await engine.write([make_point(LARGEST, server="Straße", domain="Öl", words=words, meaning=X), make_point(0)])
    points = await stored(engine)
    assert set(points) == {0, LARGEST}
    point = points[LARGEST]
    assert (point.tool, point.domain, point.digest) == (ToolId("Straße", "read_file"), "Öl", f"digest {LARGEST}")
    assert point.has_meaning
    assert (list(point.words.indices), list(point.words.values)) == ([0, 7, FARTHEST], [0.25, 1.5, 3])
    assert (list(points[0].words.indices), points[0].has_meaning) == ([], False)


async def many_points_are_written_and_read_in_pages(engine: Engine) -> None:
    await engine.write([make_point(at, words=sparse(d3=1), meaning=unit(1, at / 300)) for at in range(1100)])
    assert set(await stored(engine)) == set(range(1100))
    assert list(await find(engine, by_meaning(X, 3))) == [0, 1, 2]
    assert len(await find(engine, by_meaning(X, 150))) == 150
    await engine.remove(range(1050))
    assert set(await stored(engine)) == set(range(1050, 1100))


async def vectors_are_found_by_their_text(engine: Engine) -> None:
    await engine.write(
        [
            make_point(1, meaning=BETWEEN, text="abc"),
            make_point(2, text="bare"),
            make_point(3, meaning=BETWEEN, text="abc"),
        ]
    )
    found = await engine.vectors(["abc", "bare", "unknown"])
    assert set(found) == {"abc"}
    assert found["abc"].dtype == np.float32
    np.testing.assert_allclose(found["abc"], BETWEEN, atol=1e-6)
    assert await engine.vectors([]) == {}


async def many_vectors_are_found_at_once(engine: Engine) -> None:
    await engine.write([make_point(at, meaning=unit(1, at), text=f"t{at}") for at in range(300)])
    found = await engine.vectors([f"t{at}" for at in range(100, 400)])
    assert set(found) == {f"t{at}" for at in range(100, 300)}
    np.testing.assert_allclose(found["t123"], unit(1, 123), atol=1e-6)


async def a_view_is_kept_by_an_engine_of_our_own(engine: Engine) -> None:
    assert await engine.read_view() is None
    await engine.write_view(b"\x00 one")
    await engine.write_view(b"\xff two")
    assert await engine.read_view() == (None if engine.is_shared else b"\xff two")


async def it_says_where_it_is(engine: Engine) -> None:
    await engine.write([make_point(1), make_point(2)])
    report = await engine.describe()
    assert report.where
    assert not report.catalogs or set(report.catalogs.values()) == {2}


async def putting_in_order_changes_nothing(engine: Engine) -> None:
    await engine.write([make_point(at, words=sparse(d3=1), meaning=unit(1, at)) for at in range(1, 50)])
    await engine.remove([1, 2])
    await engine.settle()
    assert set(await stored(engine)) == set(range(3, 50))
    assert list(await find(engine, by_meaning(X, 2))) == [3, 4]


ENGINE_CONTRACT: tuple[EnginePromise, ...] = (
    an_empty_engine_finds_nothing,
    no_lanes_find_nothing,
    meaning_is_compared_by_cosine,
    words_are_compared_by_dot_product,
    a_point_without_one_of_the_words_is_not_found,
    a_point_without_meaning_is_found_by_words_alone,
    each_lane_has_its_own_answer_in_order,
    a_lane_brings_no_more_than_its_limit,
    a_lane_keeps_to_the_points_it_is_given,
    a_domain_or_a_server_narrows_a_lane_in_any_case,
    a_lane_keeps_to_a_part_of_servers_and_points,
    what_is_written_again_is_replaced,
    a_vector_written_later_is_found,
    what_is_removed_is_gone_and_the_unknown_is_ignored,
    points_are_read_back_as_they_were_written,
    many_points_are_written_and_read_in_pages,
    vectors_are_found_by_their_text,
    many_vectors_are_found_at_once,
    a_view_is_kept_by_an_engine_of_our_own,
    it_says_where_it_is,
    putting_in_order_changes_nothing,
)
