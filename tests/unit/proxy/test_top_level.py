"""What a message answers is found in one pass, however it is cut into pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.frames import Frames, Oversized
from mcp_toolweaver.core.top_level import TopLevel

TEXTS = st.sampled_from(['a"\\', '{"id":1,"method":2}', "\\\\", "é[", ',"id":7', "]}", "\n", "id"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", 'q"']), inner),
)
MESSAGES = st.dictionaries(st.sampled_from(["id", "result", "error", "method", "jsonrpc", "x"]), VALUES)


@given(message=MESSAGES, size=st.integers(1, 40), ascii_only=st.booleans(), indent=st.none() | st.just(1))
def test_the_outermost_members_are_found(*, message: Any, size: int, ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(message, ensure_ascii=ascii_only, indent=indent).encode()
    top = TopLevel()
    for start in range(0, len(data), size):
        top.feed(data[start : start + size])
    wanted = message.get("id")
    assert top.id == (wanted if isinstance(wanted, (str, int)) else None)
    assert top.has_method == ("method" in message)
    assert top.has_outcome == ("result" in message or "error" in message)


def test_a_large_message_is_passed_over_in_pieces() -> None:
    inner: list[Any] = [{"id": 1, "method": 'x"\\' * 9, "list": [[], {}]}] * 20_000
    data = json.dumps({"jsonrpc": "2.0", "result": {"content": inner}, "id": "mine"}).encode()
    top = TopLevel()
    top.feed(data)
    assert top.answered == "mine"


@pytest.mark.parametrize(
    "data", [b'{"result":{},"id":true}', b'{"id":5}', b'{"id":5,"method":"m"}', b"[" * 9, b"}}}}", b'{"id":5,"result"']
)
def test_what_answers_nothing_has_no_id(data: bytes) -> None:
    top = TopLevel()
    top.feed(data)
    assert top.answered is None


def test_what_has_too_many_members_is_given_up() -> None:
    top = TopLevel()
    top.feed(b"{" + b'"a":{},' * 2000 + b'"id":5,"result":{}}')
    assert top.answered is None


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=9),
    size=st.integers(1, 50),
)
def test_frames_are_the_lines_whatever_the_chunks(lines: list[bytes], size: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    frames = Frames(largest=20)
    found = [frame for start in range(0, len(data), size) for frame in frames.feed(data[start : start + size])]
    wanted = [line if len(line) <= 20 else Oversized(len(line), None, is_whole=True) for line in lines if line]
    assert found == wanted
