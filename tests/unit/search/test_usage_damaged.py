"""Whatever lies where the counts are kept is read as far as it can be, and does no harm."""

from __future__ import annotations

import json

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.search.usage import Usage
from tests.fakes.cache import FakeCache
from tests.unit.search.counted import KEY, NOW, A, Clock, note, restored

pytestmark = pytest.mark.anyio

GOOD = ["good", 5, None, 2.0, NOW]


@pytest.mark.parametrize(
    "row",
    [
        "null",
        "5",
        '"text"',
        "[]",
        "{}",
        '["a", 5, null, 1.0]',
        '["a", 5, null, 1.0, 1.0, 1.0]',
        "[5, 5, null, 1.0, 1.0]",
        '["a", "5", null, 1.0, 1.0]',
        '["a", 0, null, 1.0, 1.0]',
        '["a", -1, null, 1.0, 1.0]',
        '["a", 1.5, null, 1.0, 1.0]',
        f'["a", 1{"0" * 400}, null, 1.0, 1.0]',
        '["a", 5, 5, 1.0, 1.0]',
        '["a", 5, null, "1.0", 1.0]',
        '["a", 5, null, NaN, 1.0]',
        '["a", 5, null, Infinity, 1.0]',
        '["a", 5, null, 0.0, 1.0]',
        '["a", 5, null, -1.0, 1.0]',
        f'["a", 5, null, 1{"0" * 400}, 1.0]',
        '["a", 5, null, 1.0, NaN]',
        '["a", 5, null, 1.0, Infinity]',
        f'["a", 5, null, 1.0, 1{"0" * 400}]',
        '["a", 5, null, 1.0, -1.0]',
        f'["{"x" * 301}", 5, null, 1.0, 1.0]',
    ],
)
async def test_a_row_that_is_none_of_ours_is_ignored_and_the_others_are_not(row: str) -> None:
    cache = FakeCache()
    cache.values[KEY] = f"[{row}, {json.dumps(GOOD)}]".encode()
    assert await restored(cache) == [SearchRequest("good")]


@pytest.mark.parametrize(
    "value", [b"", b"\xff\x00", b"not JSON", b"null", b"5", b"{}", b'{"a": 1}', b'"text"', b"[" * 100_000]
)
async def test_a_damaged_value_is_nothing_and_is_replaced(value: bytes) -> None:
    cache = FakeCache()
    cache.values[KEY] = value
    assert await restored(cache) == []
    usage = Usage(cache, clock=Clock())
    note(usage, a=1)
    await usage.keep()
    assert await restored(cache) == [A]


@given(st.binary(max_size=40))
def test_any_bytes_are_no_error(value: bytes) -> None:
    cache = FakeCache()
    cache.values[KEY] = value
    anyio.run(restored, cache)
