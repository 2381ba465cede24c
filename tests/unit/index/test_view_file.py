"""A view survives as bytes, and bytes that are not exactly those of a view are none."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index import view_file
from mcp_toolweaver.index.engine import Sparse
from mcp_toolweaver.index.view import Row, View
from mcp_toolweaver.index.view_file import decode, encode

NAMES = st.text(st.characters(codec=None, categories=None) | st.sampled_from("\n\0\ud800\"'"), max_size=8)
SPARSE = st.dictionaries(st.integers(0, 2**32 - 1), st.sampled_from([0.25, 3.5]), max_size=4).map(
    lambda held: Sparse(sorted(held), [held[index] for index in sorted(held)])
)
ROWS = st.builds(
    Row,
    tool=st.builds(ToolId, NAMES, NAMES),
    digest=st.binary(min_size=32, max_size=32).map(bytes.hex),
    point=st.integers(0, 2**64 - 1),
    has_meaning=st.booleans(),
    words=SPARSE,
)
VIEWS = st.lists(ROWS, max_size=5, unique_by=lambda row: row.tool).map(View.of)

SAMPLE = View.of(
    [Row(ToolId("srv", f"tool\n{at}"), f"{at:064x}", at, at % 2 == 0, Sparse([at, 9], [1, 2])) for at in range(5)]
)
BYTES = encode(SAMPLE)


def facts(view: View) -> tuple[object, ...]:
    arrays = (view.has_meaning, view.starts, view.dimensions, view.values, view.known, view.holders)
    lists = [(array.dtype.kind, array.dtype.itemsize, array.tolist()) for array in arrays]
    return (list(view.tools), list(view.digests), list(view.points), lists)


@given(VIEWS)
def test_a_view_is_read_as_it_was_written(view: View) -> None:
    read = decode(encode(view))
    assert read is not None
    assert facts(read) == facts(view)


@given(VIEWS, VIEWS)
def test_a_view_that_was_read_can_be_changed(view: View, other: View) -> None:
    read = decode(memoryview(encode(view)))
    assert read is not None
    new = [
        Row(ToolId("new", str(at)), other.digests[at], at, has_meaning=True, words=other.words(at))
        for at in range(len(other))
    ]
    half = range(len(view) // 2)
    assert facts(read.changed(new, half, range(len(view)))) == facts(view.changed(new, half, range(len(view))))


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
def test_a_view_with_any_byte_flipped_is_none(place: int, flip: int) -> None:
    damaged = bytearray(BYTES)
    damaged[place] ^= flip
    assert decode(bytes(damaged)) is None


@given(st.integers(0, len(BYTES) - 1))
def test_a_view_that_ends_early_is_none(length: int) -> None:
    assert decode(BYTES[:length]) is None


@given(st.binary(min_size=1, max_size=50))
def test_a_view_with_more_behind_it_is_none(more: bytes) -> None:
    assert decode(BYTES + more) is None


@given(st.binary(max_size=200))
def test_other_bytes_are_no_view(other: bytes) -> None:
    assert decode(other) is None


def test_a_view_of_another_format_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(view_file, "FORMAT", view_file.FORMAT + 1)
        newer = encode(SAMPLE)
        assert decode(newer) is not None
    assert decode(newer) is None


@pytest.mark.parametrize("head", [b"", b"{}", b"[]", b"7", b"\xff", json.dumps({"format": view_file.FORMAT}).encode()])
def test_a_sound_hash_over_something_else_is_none(head: bytes) -> None:
    body = head + b"\n" + b"x" * 10 if head else b""
    assert decode(hashlib.sha256(body).digest() + body) is None


def test_a_view_takes_no_more_bytes_than_its_numbers() -> None:
    dimensions = np.arange(1000).tolist()
    words = Sparse(dimensions, [1.0] * 1000)
    held = [Row(ToolId("srv", str(at)), f"{at:064x}", at, has_meaning=True, words=words) for at in range(100)]
    assert len(encode(View.of(held))) < 100 * 1000 * 8 * 1.05
