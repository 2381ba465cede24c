"""What a host's frame says, and what it is answered with if it says nothing that can be understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_toolweaver.core.frames import Frames
from mcp_toolweaver.server.host_frames import encoded, understood

PING = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'


@pytest.mark.parametrize(
    "frame",
    [
        PING,
        b"\xef\xbb\xbf" + PING + b"\r",
        b"  " + PING + b"  ",
        b'{"jsonrpc":"2.0","id":7,"method":"nonsense","method":"ping"}',
        b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"\\ud800"}}',
        b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"\xff"}}',
        b'{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":"a \\u0000","method":"ping"}',
    ],
)
def test_a_request_is_understood_however_it_is_dressed(frame: bytes) -> None:
    (message,), errors = understood(frame)
    assert isinstance(message, JSONRPCRequest)
    assert message.method == "ping"
    assert not errors
    assert message.model_dump_json()


@pytest.mark.parametrize(
    ("frame", "id_", "code"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"ping",}', 7, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":NaN}}', 7, -32700),
        (b'{"jsonrpc":"2.0","id":"seven","method":"ping","params":' + b"[" * 100_000, "seven", -32700),
        (b'{"id":7,"method":"tools/call","params":{"a":[1,2}}', 7, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping"}{"jsonrpc"', 7, -32700),
        (b"not JSON", None, -32700),
        (b"\x00\x00", None, -32700),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, -32600),
        (b'{"id":7,"method":"ping"}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":"x"}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', None, -32600),
        (b"5", None, -32600),
        (b'"text"', None, -32600),
        (b"[]", None, -32600),
        (b"[" + b",".join([b"1"] * 1_001) + b"]", None, -32600),
        (b"{}", None, -32600),
    ],
)
def test_what_is_no_message_gets_one_error_with_its_id_where_that_can_be_read(
    frame: bytes, id_: str | int | None, code: int
) -> None:
    messages, (error,) = understood(frame)
    assert not messages
    assert (error.id, error.error.code) == (id_, code)
    assert json.loads(encoded(error))["error"]["message"]


@pytest.mark.parametrize(
    "frame",
    [b"", b"   ", b'{"method":"notifications/x"}', b'{"jsonrpc":"2.0","method":"x","params":[]}', b'{"result":{}}'],
)
def test_notifications_and_answers_to_nobody_are_not_answered(frame: bytes) -> None:
    assert understood(frame) == ([], [])


def test_each_message_of_a_batch_is_taken_by_itself() -> None:
    notified = {"jsonrpc": "2.0", "method": "notifications/x"}
    messages, errors = understood(json.dumps([json.loads(PING), 5, notified, {"id": 8, "method": "x"}]).encode())
    assert [type(message) for message in messages] == [JSONRPCRequest, JSONRPCNotification]
    assert [error.id for error in errors] == [None, 8]


def test_an_answer_that_is_not_valid_is_an_error_for_who_waits_for_it() -> None:
    for frame in (b'{"jsonrpc":"2.0","id":3,"result":5}', b'{"jsonrpc":"2.0","id":3,"result":{"a":}}'):
        (message,), errors = understood(frame)
        assert isinstance(message, JSONRPCError)
        assert message.id == 3
        assert not errors
    (answer,), _ = understood(b'{"jsonrpc":"2.0","id":3,"result":{}}')
    assert isinstance(answer, JSONRPCResponse)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_frame_that_is_too_large_is_answered_by_its_id_wherever_that_stands(where: str) -> None:
    large = b'"params":{"x":"' + b"x" * 1_000_000 + b'"}'
    parts = [b'"id":"large"', large] if where == "before" else [large, b'"id":"large"']
    frame = b'{"jsonrpc":"2.0","method":"ping",' + b",".join(parts) + b"}\n"
    (oversized,) = Frames(100_000).feed(frame)
    messages, (error,) = understood(oversized)
    assert not messages
    assert error.id == "large"
    assert "too large" in error.error.message


def test_half_a_pair_of_surrogates_is_written_escaped() -> None:
    answer = JSONRPCResponse(jsonrpc="2.0", id=1, result={"x": "\ud800"})
    assert json.loads(encoded(answer).encode())["result"] == {"x": "\ud800"}


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), JSON_VALUES),
    st.integers(0, 60),
)
def test_whatever_comes_is_answered_once_at_most_and_nothing_is_raised(message: dict[str, Any], cut: int) -> None:
    for frame in (json.dumps(message).encode(), json.dumps(message).encode()[:cut]):
        messages, errors = understood(frame)
        assert len(messages) + len(errors) <= 1
        for each in [*messages, *errors]:
            assert encoded(each).endswith("\n")
