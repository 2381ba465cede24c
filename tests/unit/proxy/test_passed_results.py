"""A downstream result on its way to the host."""

from typing import Any

import pytest

from mcp_toolweaver.proxy.results import passed_through


@pytest.mark.parametrize(
    "raw",
    [
        {"content": []},
        {"content": [{"type": "text", "text": "x", "annotations": {"audience": ["user"]}}], "isError": False},
        {"content": [{"type": "resource_link", "uri": "x://y", "name": "y"}], "structuredContent": [1, 2]},
        {"content": [{"type": "of the future", "data": 5}], "structuredContent": None, "_meta": {"k": 1}},
    ],
)
def test_a_result_passes_whole(raw: dict[str, Any]) -> None:
    assert passed_through(raw).payload == raw


def test_what_speaks_of_the_connection_is_removed() -> None:
    meta: dict[str, Any] = {"io.modelcontextprotocol/serverInfo": {}, "io.modelcontextprotocol.other/x": 1, "k": 2}
    raw: dict[str, Any] = {"content": [], "resultType": "complete", "_meta": meta}
    assert passed_through(raw).payload == {"content": [], "_meta": {"io.modelcontextprotocol.other/x": 1, "k": 2}}
    assert raw["_meta"] is meta, "the original is left alone"
    assert len(meta) == 3


def test_meta_of_nothing_but_the_connection_is_removed_whole() -> None:
    assert passed_through({"content": [], "_meta": {"io.modelcontextprotocol/a": 1}}).payload == {"content": []}


def test_a_question_back_to_the_user_is_passed_whole() -> None:
    raw = {"resultType": "input_required", "inputRequests": {"a": {"method": "roots/list"}}, "requestState": "s"}
    assert passed_through({**raw, "_meta": {"io.modelcontextprotocol/a": 1}, "content": []}).payload == raw
