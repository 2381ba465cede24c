"""A result that is too long for a model is cut where it makes sense, and the rest can be read."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.paging.caller import PagedCaller
from mcp_toolweaver.proxy.paging.kept import KeptResults
from mcp_toolweaver.proxy.paging.pages import ResultPages
from mcp_toolweaver.text.tokens import estimate

pytestmark = pytest.mark.anyio

MOST = 500
SPEAR = "".join(f"Line {number} says something of its own.\n" for number in range(2_000))
IMAGE = {"type": "image", "data": "A" * 50_000, "mimeType": "image/png"}


class Fixed:
    """A caller that always returns the same."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.result = ToolResult(payload)

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        assert tool.is_callable
        assert not arguments
        return self.result


class Host:
    """Calls a tool with a fixed result through the caller that cuts."""

    def __init__(
        self, payload: Mapping[str, Any], *, output: Any = None, most: int = MOST, megabytes: int = 64
    ) -> None:
        kept = KeptResults(megabytes=megabytes, seconds=600)
        self.inner = Fixed(payload)
        self.caller = PagedCaller(self.inner, kept, most)
        self.pages = ResultPages(kept, most)
        self.tool = Tool.from_definition("s", {"name": "t", **({"outputSchema": output} if output else {})})

    async def payload(self) -> Mapping[str, Any]:
        return (await self.caller.call(self.tool, {})).payload

    def rest(self, payload: Mapping[str, Any]) -> str:
        """Return all that follows, read as the note says."""
        key, offset = pointer(payload)
        read = ""
        for _page in range(10_000):
            part = self.pages.read(key, offset, None)
            assert estimate(part.text) <= 1.5 * MOST
            read, offset = read + part.text, part.next_offset
            if part.is_last:
                return read
        raise AssertionError("it never ends")


def block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def pointer(payload: Mapping[str, Any]) -> tuple[str, int]:
    found = re.search(r"read_result (\{.*?\})", payload["content"][-1]["text"])
    assert found
    told = json.loads(found.group(1))
    return told["key"], told["offset"]


@pytest.mark.parametrize(
    "payload",
    [
        {"content": []},
        {"content": [block("short")], "isError": True, "_meta": {"a": 1}},
        {"content": [IMAGE]},
        {"content": [block("x " * 300)], "structuredContent": {"a": ["b"] * 50}},
        {},
        {"content": "odd"},
        {"content": [5, {"type": "text"}]},
    ],
)
async def test_a_short_result_is_passed_on_as_it_is(payload: dict[str, Any]) -> None:
    host = Host(payload)
    assert await host.caller.call(host.tool, {}) is host.inner.result


async def test_a_long_text_is_cut_at_the_end_of_a_line_and_the_rest_is_read_on() -> None:
    host = Host({"content": [block(SPEAR)], "isError": True, "_meta": {"a": 1}})
    payload = await host.payload()
    shown, note = payload["content"]
    assert shown["text"].endswith("own.\n")
    assert MOST * 0.6 < estimate(shown["text"]) <= MOST * 1.2
    assert f"{len(shown['text']):,} of {len(SPEAR):,} characters" in note["text"]
    assert "within 10 minutes" in note["text"]
    assert shown["text"] + host.rest(payload) == SPEAR
    assert (payload["isError"], payload["_meta"]) == (True, {"a": 1})


async def test_the_first_blocks_come_first_and_what_is_no_text_stays() -> None:
    resource = {"type": "resource", "resource": {"uri": "a://b", "text": SPEAR}, "annotations": {"priority": 1}}
    host = Host({"content": [block("first"), IMAGE, resource, block("last"), IMAGE]})
    payload = await host.payload()
    first, image, cut, image_again, _note = payload["content"]
    assert (first, image, image_again) == (block("first"), IMAGE, IMAGE)
    assert (cut["resource"]["uri"], cut["annotations"]) == ("a://b", {"priority": 1})
    assert SPEAR.startswith(cut["resource"]["text"])
    assert "first\n\n" + cut["resource"]["text"] + host.rest(payload) == f"first\n\n{SPEAR}\n\nlast"


ROWS = {"rows": [{"id": number, "name": f"name {number}"} for number in range(1_000)], "next": "abc", "count": 1_000}


@pytest.mark.parametrize("indent", [None, 2])
async def test_structured_content_and_its_text_stay_json_and_alike(indent: int | None) -> None:
    host = Host({"content": [block(json.dumps(ROWS, indent=indent))], "structuredContent": ROWS})
    payload = await host.payload()
    cut = payload["structuredContent"]
    assert json.loads(payload["content"][0]["text"]) == cut
    assert (cut["next"], cut["count"]) == ("abc", 1_000)
    assert 10 < len(cut["rows"]) < 100
    assert cut["rows"] == ROWS["rows"][: len(cut["rows"])]  # type: ignore[index]
    assert f"rows: {len(cut['rows'])} of 1,000 elements" in payload["content"][1]["text"]
    whole = json.dumps(ROWS, separators=(",", ":"))
    assert whole.endswith(host.rest(payload))
    assert whole.startswith(host.pages.read(pointer(payload)[0], 0, 30).text)


async def test_a_text_that_is_too_long_by_its_spaces_alone_loses_these() -> None:
    value = {"a": [{"b": n} for n in range(60)]}
    host = Host({"content": [block(json.dumps(value, indent=40))], "structuredContent": value})
    assert await host.payload() == {
        "content": [block(json.dumps(value, separators=(",", ":")))],
        "structuredContent": value,
    }


async def test_structured_content_that_no_text_says_can_be_read_too() -> None:
    host = Host({"content": [block("1,000 rows")], "structuredContent": ROWS})
    payload = await host.payload()
    assert payload["content"][0] == block("1,000 rows")
    told = re.search(r"structured content begins at offset (\d+)", payload["content"][1]["text"])
    assert told
    key, _offset = pointer(payload)
    assert host.pages.read(key, int(told.group(1)), None).text.startswith('{"rows":[{"id":0,')


async def test_what_the_output_schema_requires_stays() -> None:
    output = {
        "type": "object",
        "properties": {
            "days": {"type": "array", "minItems": 7, "items": {"type": "object", "required": ["text"]}},
            "log": {"type": "array"},
        },
        "required": ["days", "log"],
    }
    value = {"days": [{"text": "long " * 500}] * 30, "log": ["x" * 50] * 500}
    host = Host({"content": [], "structuredContent": value}, output=output)
    cut = (await host.payload())["structuredContent"]
    validator: Any = Draft202012Validator(output)
    validator.validate(cut)
    assert len(cut["days"]) >= 7
    assert estimate(json.dumps(cut)) < 2 * MOST


async def test_an_object_of_very_many_names_loses_the_last() -> None:
    value = {f"name {number}": number for number in range(5_000)}
    cut = (await Host({"content": [], "structuredContent": value}).payload())["structuredContent"]
    assert 10 < len(cut) < 200
    assert list(cut) == list(value)[: len(cut)]


async def test_a_result_of_16_mb_is_cut_without_being_read() -> None:
    huge = "word and word. " * 1_100_000
    payload = await Host({"content": [block(huge)]}).payload()
    assert len(payload["content"][0]["text"]) < 10 * MOST
    assert f"of {len(huge):,} characters" in payload["content"][1]["text"]


async def test_what_does_not_fit_into_memory_is_not_kept_and_the_note_says_so() -> None:
    payload = await Host({"content": [block("word " * 500_000)]}, megabytes=1).payload()
    assert "The rest was not kept" in payload["content"][1]["text"]
    assert "read_result" not in payload["content"][1]["text"]


async def test_names_in_the_note_carry_nothing_hidden() -> None:
    value = {"ro\u202ews": ["x" * 50] * 500}
    note = (await Host({"content": [], "structuredContent": value}).payload())["content"][-1]["text"]
    assert "rows: " in note


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    lambda inside: st.lists(inside, max_size=12) | st.dictionaries(st.text(max_size=8), inside, max_size=12),
    max_leaves=30,
)


def same_shape(cut: Any, value: Any) -> bool:
    if is_object(value):
        return is_object(cut) and all(name in value and same_shape(cut[name], value[name]) for name in cut)
    if is_array(value):
        return is_array(cut) and all(same_shape(one, two) for one, two in zip(cut, value, strict=False))
    return value.startswith(cut) if isinstance(value, str) else cut == value


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
async def test_any_structured_content_keeps_its_shape(value: dict[str, Any], is_mirrored: bool) -> None:  # noqa: FBT001
    content = [block(json.dumps(value))] if is_mirrored else []
    host = Host({"content": content, "structuredContent": value}, most=40)
    payload = await host.payload()
    cut = payload["structuredContent"]
    assert same_shape(cut, value)
    assert len(json.dumps(cut)) <= len(json.dumps(value))
    if is_mirrored:
        assert json.loads(payload["content"][0]["text"]) == cut


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
async def test_no_character_is_lost_or_told_twice(texts: list[str]) -> None:
    host = Host({"content": [block(text) for text in texts]}, most=40)
    payload = await host.payload()
    if payload is host.inner.result.payload:
        return
    shown = "\n\n".join(each["text"] for each in payload["content"][:-1])
    key, offset = pointer(payload)
    read = ""
    while True:
        part = host.pages.read(key, offset, 50)
        read, offset = read + part.text, part.next_offset
        if part.is_last:
            break
        assert part.text
    assert (shown + read).replace("\n", "") == "".join(texts).replace("\n", "")


def test_kept_results_are_bounded_in_time_and_memory_and_for_their_owner_alone() -> None:
    now = [0.0]
    kept = KeptResults(megabytes=1, seconds=600, clock=lambda: now[0])
    keys = [kept.keep("ada", letter * 400_000) or "" for letter in "ab"]
    assert len(set(keys)) == 2
    assert all(len(key) >= 12 for key in keys)
    assert kept.text("ada", keys[0]) == "a" * 400_000
    assert kept.text("bob", keys[0]) is None
    kept.keep("ada", "c" * 400_000)
    assert kept.text("ada", keys[0]) is not None
    assert kept.text("ada", keys[1]) is None, "it was read longest ago"
    now[0] = 599.0
    assert kept.text("ada", keys[0]) is not None
    now[0] = 600.0
    assert kept.text("ada", keys[0]) is None
    assert kept.keep("ada", "d" * 2_000_000) is None
    assert KeptResults(megabytes=1, seconds=0).keep("", "x") is None


def test_an_unknown_key_is_answered_with_what_to_do() -> None:
    pages = ResultPages(KeptResults(megabytes=1, seconds=600), MOST)
    with pytest.raises(
        InvalidRequest, match=r"under the key 'abc'\. Results are kept for 10 minutes.* call the tool again"
    ):
        pages.read("abc", 0, None)


def test_reading_past_the_end_is_the_end() -> None:
    kept = KeptResults(megabytes=1, seconds=600)
    part = ResultPages(kept, MOST).read(kept.keep("", "abc") or "", 10**12, 5)
    assert (part.text, part.offset, part.total, part.is_last) == ("", 3, 3, True)
