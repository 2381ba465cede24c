"""Tools that are described in files: two formats, read as far as they can be."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from catalog_sources.json_file import open_source
from mcp_toolweaver.core.errors import ConfigurationError, ToolNotCallable
from mcp_toolweaver.core.tools import Tool

pytestmark = pytest.mark.anyio

SEARCH = {"name": "search", "description": "Search.", "inputSchema": {"type": "object"}}


async def tools_of(path: Path, name: str = "files") -> Sequence[Tool]:
    async with open_source(name, {"path": str(path)}) as source:
        return await source.list_tools()


async def ids_of(path: Path) -> list[str]:
    return [str(tool.id) for tool in await tools_of(path)]


def written(file: Path, *lines: Any) -> Path:
    """Write a line each, as JSON unless it is text already."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return file


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_an_object_lists_the_tools_of_a_server(tmp_path: Path) -> None:
    server = {"server": "github", "domain": "code", "description": "Issues and code.", "tools": [SEARCH, {"name": "x"}]}
    first, second = await tools_of(written(tmp_path / "a.json", server))
    assert (str(first.id), str(second.id)) == ("github::search", "github::x")
    assert (first.domain, first.server_description) == ("code", "Issues and code.")
    assert (second.domain, second.server_description) == ("code", "Issues and code.")
    assert first.definition == SEARCH
    assert second.input_schema == {"type": "object", "properties": {}}
    assert not first.is_callable


async def test_an_object_over_many_lines_is_one_object(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"server": "s", "tools": [SEARCH]}, indent=2), encoding="utf-8")
    assert await ids_of(file) == ["s::search"]


async def test_a_server_without_a_name_is_called_as_its_file(tmp_path: Path) -> None:
    assert await ids_of(written(tmp_path / "jira.json", {"tools": [SEARCH]})) == ["jira::search"]


async def test_instructions_describe_a_server_that_has_no_description(tmp_path: Path) -> None:
    (tool,) = await tools_of(written(tmp_path / "a.json", {"tools": [SEARCH], "instructions": "Use with care."}))
    assert tool.server_description == "Use with care."


async def test_a_tool_may_say_otherwise_than_its_server(tmp_path: Path) -> None:
    server = {"server": "s", "domain": "d", "tools": [{**SEARCH, "domain": "own", "server": "other"}]}
    (tool,) = await tools_of(written(tmp_path / "a.json", server))
    assert (str(tool.id), tool.domain) == ("other::search", "own")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt"])
async def test_lines_describe_a_tool_each(tmp_path: Path, name: str) -> None:
    file = written(
        tmp_path / name,
        {"name": "one", "server": "s", "domain": "d", "serverDescription": "About s.", "description": "First."},
        "",
        {"name": "two", "description": "Second."},
    )
    one, two = await tools_of(file)
    assert (str(one.id), one.domain, one.server_description, one.description) == ("s::one", "d", "About s.", "First.")
    assert (str(two.id), two.domain, two.server_description) == ("files::two", "files", "")
    assert {"server", "domain", "serverDescription"}.isdisjoint(one.definition)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
async def test_a_single_line_is_a_tool(tmp_path: Path, name: str) -> None:
    assert await ids_of(written(tmp_path / name, SEARCH)) == ["files::search"]


async def test_parameters_are_another_word_for_the_input_schema(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    (tool,) = await tools_of(written(tmp_path / "a.jsonl", {"name": "t", "parameters": schema}))
    assert tool.input_schema == schema
    assert "parameters" not in tool.definition


async def test_characters_of_a_line_that_other_tools_break_lines_at_do_not_end_it(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    text = json.dumps({"name": "t", "description": "one\u2028two\u0085three"}, ensure_ascii=False)
    file.write_text(f"{text}\r\n{json.dumps(SEARCH)}\r\n", encoding="utf-8", newline="")
    assert await ids_of(file) == ["files::t", "files::search"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
async def test_only_the_lines_that_are_wrong_are_left_out_and_each_is_named(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(
        tmp_path / name,
        {"name": "good"},
        '{"name": "cut',
        {"description": "nameless"},
        "[1, 2]",
        {"name": "listed", "inputSchema": {"type": "array"}},
        "null",
        {"name": "also_good"},
    )
    assert await ids_of(file) == ["files::good", "files::also_good"]
    warnings = warnings_of(caplog)
    assert len(warnings) == 5
    for warning, number in zip(warnings, [2, 3, 4, 5, 6], strict=True):
        assert warning.startswith(f"{file}: line {number}: left out: ")
    assert "not JSON" in warnings[0]
    assert "'listed'" in warnings[3]


async def test_only_the_tools_of_a_server_that_are_wrong_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = {"server": "s", "tools": [{"name": "good"}, 5, {"description": "nameless"}, None, {"name": "also_good"}]}
    file = written(tmp_path / "a.json", server)
    assert await ids_of(file) == ["s::good", "s::also_good"]
    assert [warning.split(": left out")[0] for warning in warnings_of(caplog)] == [
        f"{file}: tools[1]",
        f"{file}: tools[2]",
        f"{file}: tools[3]",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "not JSON", "[]", "5", '"text"', "{}", '{"tools": 5}', '{"a": 1}'])
async def test_a_file_that_is_neither_format_is_left_out_by_name(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    assert await ids_of(file) == []
    (warning,) = warnings_of(caplog)
    assert warning.startswith(f"{file}: left out: ")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
async def test_a_file_that_is_nested_too_deep_is_left_out_by_name(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path / name, '{"name": ' + "[" * 100_000)
    written(tmp_path / "z.jsonl", {"name": "fine"})
    assert await ids_of(tmp_path) == ["files::fine"]
    assert str(tmp_path / name) in warnings_of(caplog)[0]


async def test_a_file_that_is_no_text_is_left_out_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00\x80")
    written(tmp_path / "b.json", {"tools": [SEARCH]})
    assert await ids_of(tmp_path) == ["b::search"]
    assert str(tmp_path / "a.json") in warnings_of(caplog)[0]


@pytest.mark.parametrize(
    "content", [json.dumps({"server": "s", "tools": [SEARCH]}), json.dumps({**SEARCH, "server": "s"})]
)
async def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert await ids_of(file) == ["s::search"]


async def test_a_folder_stands_for_its_files_in_their_order(tmp_path: Path) -> None:
    written(tmp_path / "b.json", {"tools": [SEARCH]})
    written(tmp_path / "a.jsonl", {"name": "one"})
    written(tmp_path / "c.txt", {"name": "not_read"})
    (tmp_path / "d.json").mkdir()
    written(tmp_path / "d.json" / "e.json", {"name": "not_read"})
    assert await ids_of(tmp_path) == ["files::one", "b::search"]


async def test_an_empty_folder_has_no_tools(tmp_path: Path) -> None:
    assert await ids_of(tmp_path) == []


async def test_a_tool_of_a_file_cannot_be_called(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", SEARCH)
    async with open_source("files", {"path": str(file)}) as source:
        with pytest.raises(ToolNotCallable, match="'search' is only described in") as refused:
            await source.call_tool("search", {})
    assert str(file) in str(refused.value)


async def test_a_file_has_no_news(tmp_path: Path) -> None:
    async with open_source("files", {"path": str(tmp_path)}) as source:
        with anyio.move_on_after(0.05) as waiting:
            await source.wait_changed()
        assert waiting.cancelled_caught


async def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"path: .*nowhere\.json does not exist"):
        await tools_of(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "path"),
        ({"path": 5}, "path"),
        ({"path": None}, "path"),
        ({"path": "/", "pahts": "x"}, "pahts"),
        ({"path": "~no-such-user-at-all/catalog"}, "path"),
        ({"path": "x" * 5_000}, "path"),
        ({"path": "a\0b"}, "path"),
    ],
)
async def test_an_option_that_is_wrong_is_named(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{key}: "):
        async with open_source("files", options):
            pass


async def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path / "a.jsonl", SEARCH)
    assert await ids_of(Path("~/a.jsonl")) == ["files::search"]
