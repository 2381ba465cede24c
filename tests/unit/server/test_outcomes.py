"""Our answers and errors, and results of others, in the form that each era of hosts takes."""

import json
from typing import Any

import pytest
from mcp_types import CallToolResult

from mcp_toolweaver.core.errors import InvalidArguments, Unavailable, UnknownTool
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server.outcome import answer, failure, wire

TEXT = {"type": "text", "text": "hello"}
ERAS = [True, False]


def test_an_answer_is_structured_and_the_same_as_text() -> None:
    reply = {"tools": [{"name": "grüße", "score": 0.5}], "hint": "call it"}
    result = answer(reply)
    assert result.payload["structuredContent"] == reply
    (block,) = result.payload["content"]
    assert json.loads(block["text"]) == reply
    assert "grüße" in block["text"]
    assert not result.is_error


def test_an_error_is_a_result_that_says_what_to_do() -> None:
    result = failure(UnknownTool("isues", ["issues"]))
    assert result.is_error
    assert result.payload["content"] == [{"type": "text", "text": str(UnknownTool("isues", ["issues"]))}]


def test_an_error_holds_no_hidden_characters() -> None:
    result = failure(Unavailable("server 'x'", "\x1b[31mred\x1b[0m \u202eright\u200b to left"))
    assert result.payload["content"][0]["text"] == "server 'x': red right to left"
    assert "\x00" not in failure(InvalidArguments("a\x00b")).payload["content"][0]["text"]


@pytest.mark.parametrize("objects_only", ERAS)
@pytest.mark.parametrize(
    "payload",
    [
        {"content": [TEXT]},
        {"content": [TEXT], "isError": True, "_meta": {"k": 1}},
        {"content": [], "structuredContent": {"a": [1, None]}},
        {"content": [TEXT, {"type": "image", "data": "AA==", "mimeType": "image/png"}], "structuredContent": {}},
    ],
)
def test_a_result_goes_out_whole_and_complete(payload: dict[str, Any], *, objects_only: bool) -> None:
    sent = wire(ToolResult(payload), objects_only=objects_only)
    assert sent == {**payload, "resultType": "complete"}
    CallToolResult.model_validate(sent)


@pytest.mark.parametrize("structured", [[1, 2], "text", 5, True, 0, [], ""])
def test_a_host_of_the_present_era_gets_structured_content_of_any_kind(structured: Any) -> None:
    sent = wire(ToolResult({"content": [], "structuredContent": structured}), objects_only=False)
    assert sent["structuredContent"] == structured


@pytest.mark.parametrize("structured", [[1, "ü"], "text", 5, True, 0, [], ""])
def test_a_host_of_the_older_era_gets_structured_content_that_is_no_object_as_text(structured: Any) -> None:
    sent = wire(ToolResult({"content": [], "structuredContent": structured}), objects_only=True)
    assert "structuredContent" not in sent
    (block,) = sent["content"]
    assert json.loads(block["text"]) == structured


def test_text_that_the_server_sent_itself_stands_for_its_structured_content() -> None:
    sent = wire(ToolResult({"content": [TEXT], "structuredContent": [1, 2]}), objects_only=True)
    assert sent == {"content": [TEXT], "resultType": "complete"}


def test_a_host_of_the_older_era_gets_no_structured_content_that_is_null() -> None:
    sent = wire(ToolResult({"content": [TEXT], "structuredContent": None}), objects_only=True)
    assert "structuredContent" not in sent


def test_sending_a_result_does_not_change_it() -> None:
    payload = {"content": [], "structuredContent": [1]}
    wire(ToolResult(payload), objects_only=True)
    assert payload == {"content": [], "structuredContent": [1]}
