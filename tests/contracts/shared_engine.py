"""What an `Engine` that others may write to promises, besides `ENGINE_CONTRACT`.

Each promise takes two empty engines, which are two catalogs in one place.
"""

from __future__ import annotations

import numpy as np

from mcp_toolweaver.index.engine import Engine
from tests.contracts.points import SharingPromise, by_meaning, by_words, find, make_point, sparse, stored, unit

X, Y = unit(1), unit(0, 1)


async def one_catalog_does_not_see_the_points_of_another(ours: Engine, theirs: Engine) -> None:
    await ours.write([make_point(1, words=sparse(d3=1), meaning=X)])
    await theirs.write([make_point(at, words=sparse(d3=2), meaning=X) for at in (2, 3)])
    for lane in (by_meaning(X), by_words(sparse(d3=1)), by_meaning(X, domain="files"), by_meaning(X, among=[1, 2, 3])):
        assert set(await find(ours, lane)) == {1}
        assert set(await find(theirs, lane)) <= {2, 3}
    assert set(await stored(ours)) == {1}
    assert set(await stored(theirs)) == {2, 3}


async def one_catalog_does_not_remove_the_points_of_another(ours: Engine, theirs: Engine) -> None:
    await ours.write([make_point(1, meaning=X)])
    await theirs.write([make_point(2, meaning=X), make_point(3, meaning=Y)])
    await ours.remove([1, 2, 3])
    assert set(await stored(ours)) == set()
    assert set(await stored(theirs)) == {2, 3}
    assert set(await find(theirs, by_meaning(X))) == {2, 3}


async def vectors_are_found_in_any_catalog(ours: Engine, theirs: Engine) -> None:
    await theirs.write([make_point(2, meaning=Y, text="abc")])
    np.testing.assert_allclose((await ours.vectors(["abc"]))["abc"], Y, atol=1e-6)


SHARED_ENGINE_CONTRACT: tuple[SharingPromise, ...] = (
    one_catalog_does_not_see_the_points_of_another,
    one_catalog_does_not_remove_the_points_of_another,
    vectors_are_found_in_any_catalog,
)
