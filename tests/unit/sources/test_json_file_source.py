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


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PLAIN = {"name": "weather", "description": "Say the weather.", "inputSchema": SCHEMA}
OPENAI = {"name": "weather", "description": "Say the weather.", "parameters": SCHEMA, "strict": True}
ANTHROPIC = {"name": "weather", "description": "Say the weather.", "input_schema": SCHEMA}


@pytest.mark.parametrize(
    "written_as",
    [
        PLAIN,
        {"type": "function", "function": OPENAI},
        {"type": "function", **OPENAI},
        {"function": OPENAI},
        ANTHROPIC,
        {"type": "custom", "cache_control": {"type": "ephemeral"}, **ANTHROPIC},
    ],
    ids=["MCP", "OpenAI chat", "OpenAI responses", "OpenAI untyped", "Anthropic", "Anthropic typed"],
)
@pytest.mark.parametrize("form", ["one", "list", "tools", "functions", "lines"])
async def test_a_tool_is_the_same_in_every_format(tmp_path: Path, written_as: Any, form: str) -> None:
    contents = {"list": [written_as], "tools": {"tools": [written_as]}, "functions": {"functions": [written_as]}}
    file = tmp_path / ("files.jsonl" if form == "lines" else "files.json")
    (tool,) = await tools_of(written(file, contents.get(form, written_as)))
    expected = {**PLAIN, "strict": True} if written_as == {"function": OPENAI} else PLAIN
    assert (str(tool.id), dict(tool.definition), tool.is_callable) == ("files::weather", expected, False)


async def test_one_file_may_mix_formats_and_what_is_wrong_in_it_is_named_by_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        {"name": "mcp", "inputSchema": SCHEMA, "server": "own", "domain": "d"},
        {"type": "function", "function": {"name": "chat", "parameters": SCHEMA}, "server": "other"},
        {"type": "web_search"},
        {"type": "function", "function": {"parameters": SCHEMA}},
        {"name": "claude", "input_schema": SCHEMA},
        {"name": "kindly", "kind": 5},
    ]
    file = written(tmp_path / "a.json", rows)
    async with open_source("files", {"path": str(file)}) as source:
        assert [str(tool.id) for tool in await source.list_tools()] == ["own::mcp", "other::chat", "files::claude"]
        problems = source.problems
    assert [problem.split(": left out: ")[0] for problem in problems] == [f"{file}: [{index}]" for index in (2, 3, 5)]
    assert "has the type 'web_search' and no name" in problems[0]
    assert 'write for example "kind": "function"' in problems[2]
    assert warnings_of(caplog) == problems


async def test_what_a_tool_runs_is_kept(tmp_path: Path) -> None:
    tools = [{"name": "a"}, {"name": "b", "kind": "http"}, {"type": "function", "name": "c", "kind": "code_exec"}]
    one, two = {"tools": tools, "kind": "function"}, {"tools": tools, "server": "t"}
    listed = await tools_of(written(tmp_path / "a.json", one))
    assert [tool.kind for tool in listed] == ["function", "http", "code_exec"]
    assert [tool.kind for tool in await tools_of(written(tmp_path / "b.json", two))] == [
        "mcp_worker",
        "http",
        "code_exec",
    ]
    assert "kind" not in listed[0].definition


async def test_a_pattern_stands_for_the_files_that_it_matches(tmp_path: Path) -> None:
    folder = tmp_path / "with [brackets] * and stars"
    for name in ("a/one.json", "a/b/two.json", "a/b/three.jsonl", "c/four.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        written(folder / name, {"name": Path(name).stem})
    assert await ids_of(folder / "a" / "**" / "*.json") == ["files::two", "files::one"]
    assert await ids_of(folder / "?" / "*.json") == ["files::one", "files::four"]
    assert await ids_of(folder / "a" / "b") == ["files::three", "files::two"]


async def test_several_paths_count_once_each_in_their_order(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        written(tmp_path / f"{name}.json", {"name": name})
    paths = [tmp_path / "b.json", tmp_path, tmp_path / "gone.json", tmp_path / "no*.json"]
    async with open_source("files", {"path": str(tmp_path / "c.json"), "paths": list(map(str, paths))}) as source:
        assert [tool.id.name for tool in await source.list_tools()] == ["c", "b", "a"]
        assert source.problems == [
            f"{paths[2]}: does not exist; correct it",
            f"{paths[3]}: matches no file; correct it",
        ]


async def test_a_running_source_sees_what_is_written_added_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_sources.json_file._EVERY", 0.01)
    written(tmp_path / "a.json", {"name": "first"})
    with anyio.fail_after(60):
        async with open_source("files", {"path": str(tmp_path)}) as source:

            async def after(change: Any) -> list[str]:
                """Return what is listed after a change, which is noticed."""
                before = [tool.id.name for tool in await source.list_tools()]
                with anyio.move_on_after(0.1) as waiting:
                    await source.wait_changed()
                assert waiting.cancelled_caught, "nothing has changed yet"
                change()
                await source.wait_changed()
                after = [tool.id.name for tool in await source.list_tools()]
                assert after != before
                return after

            assert await after(lambda: written(tmp_path / "b.json", {"name": "second"})) == ["first", "second"]
            assert await after(lambda: written(tmp_path / "a.json", {"name": "another"})) == ["another", "second"]
            assert await after((tmp_path / "b.json").unlink) == ["another"]


async def test_a_half_written_file_counts_as_it_was_and_is_reported(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", [{"name": "first"}, {"name": "second"}])
    written(tmp_path / "b.json", {"name": "other"})
    whole = file.read_text()
    async with open_source("files", {"path": str(tmp_path)}) as source:
        for content, names, told in (
            (whole, ["first", "second", "other"], []),
            (whole[:-8], ["first", "second", "other"], [f"{file}: as it was before: not JSON: "]),
            (whole.replace("second", "third"), ["first", "third", "other"], []),
        ):
            file.write_text(content)
            assert [tool.id.name for tool in await source.list_tools()] == names
            assert [problem[: len(start)] for problem, start in zip(source.problems, told, strict=True)] == told
            assert all("line 1 column" in problem for problem in source.problems)
