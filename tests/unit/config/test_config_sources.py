"""The list of sources is read beside the servers, and every source has a name of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.config import Configuration, SourceSpec, load


def loaded(folder: Path, sources: Any, servers: Any = None, **environ: str) -> Configuration:
    file = folder / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers or {}, "sources": sources}), encoding="utf-8")
    return load(file, environ)


def names(configuration: Configuration) -> list[str]:
    return [source.name for source in configuration.sources]


def test_a_source_is_handed_its_remaining_keys(tmp_path: Path) -> None:
    entry = {"kind": "json_file", "name": "extra", "path": "catalogs/", "domain": "office", "depth": 2, "on": ["${A}"]}
    configuration = loaded(tmp_path, [entry], A="alpha")
    options = {"path": str(tmp_path / "catalogs"), "depth": 2, "on": ["alpha"]}
    assert configuration.problems == ()
    assert configuration.sources == (SourceSpec("extra", "json_file", options, "sources[0]", "office"),)


def test_a_toml_file_lists_sources_as_tables(tmp_path: Path) -> None:
    file = tmp_path / "mcp.toml"
    file.write_text('[[sources]]\nkind = "json_file"\npath = "/a.json"\n[[sources]]\nkind = "openapi"\n')
    assert [(source.name, source.kind) for source in load(file, {}).sources] == [
        ("a", "json_file"),
        ("openapi", "openapi"),
    ]


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("a/b.json", "{folder}/a/b.json"),
        ("../b.json", "{folder}/../b.json"),
        ("/a/b.json", "/a/b.json"),
        ("~/b.json", "/home/ada/b.json"),
        ("~", "/home/ada"),
        ("https://x.example/b.json", "https://x.example/b.json"),
        (5, 5),
    ],
)
def test_a_relative_path_is_relative_to_the_file(tmp_path: Path, path: Any, whole: Any) -> None:
    (source,) = loaded(tmp_path, [{"kind": "k", "path": path}], HOME="/home/ada").sources
    expected = whole.format(folder=tmp_path) if isinstance(whole, str) else whole
    assert source.options == {"path": expected}


def test_a_path_is_absolute_even_if_the_file_was_named_by_a_relative_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(tmp_path, [{"kind": "k", "path": "x"}])
    monkeypatch.chdir(tmp_path)
    assert load(Path("mcp.json"), {}).sources[0].options == {"path": str(tmp_path / "x")}


def test_a_server_may_stand_in_the_list(tmp_path: Path) -> None:
    good: Any = {"kind": "mcp_server", "name": "s", "url": "https://x.example/sse", "autoApprove": []}
    bad: Any = {"kind": "mcp_server", "name": "t", "args": []}
    first, second = loaded(tmp_path, [good, bad]).sources
    assert first.options == {"transport": "sse", "url": "https://x.example/sse", "headers": {}}
    assert second.invalid is not None


@pytest.mark.parametrize("off", [{"disabled": True}, {"enabled": False}])
def test_a_source_that_is_switched_off_is_not_loaded(tmp_path: Path, off: Any) -> None:
    configuration = loaded(tmp_path, [{"kind": "k", "path": "${UNSET}"} | off])
    assert (configuration.sources, configuration.problems) == ((), ())


def test_a_source_without_a_name_is_given_one_that_is_free(tmp_path: Path) -> None:
    entries: list[Any] = [
        {"kind": "json_file", "path": "a/tools.json"},
        {"kind": "json_file", "path": "b/tools.yaml"},
        {"kind": "json_file", "path": "dir.d/"},
        {"kind": "functions"},
        {"kind": "functions", "name": " "},
        {"kind": "json_file", "path": "time.json"},
        {"kind": "json_file", "name": "tools-2"},
        {"kind": "json_file", "path": "company/**/*.json"},
    ]
    configuration = loaded(tmp_path, entries, {"time": {"command": "x"}})
    assert configuration.problems == ()
    assert names(configuration) == [
        "time",
        "tools",
        "tools-3",
        "dir",
        "functions",
        "functions-2",
        "time-2",
        "tools-2",
        "company",
    ]


def test_of_two_with_one_name_the_first_stays(tmp_path: Path) -> None:
    entries = [{"kind": "k", "name": "a"}, {"kind": "k", "name": "time"}, {"kind": "other", "name": "a"}]
    configuration = loaded(tmp_path, entries, {"time": {"command": "x"}})
    assert names(configuration) == ["time", "a"]
    assert [(problem.key, problem.message) for problem in configuration.problems] == [
        ("sources[1]", "is left out, because mcpServers.time has its name"),
        ("sources[2]", "is left out, because sources[0] has its name"),
    ]


@pytest.mark.parametrize(
    ("sources", "key", "message"),
    [
        ({"kind": "k"}, "sources", "must be a list, not an object"),
        (["k"], "sources[0]", "must be an object, not a string"),
        ([{"path": "x"}], "sources[0].kind", "is missing"),
        ([{"kind": ""}], "sources[0].kind", "is empty"),
        ([{"kind": 5}], "sources[0].kind", "must be a string, not a number"),
    ],
)
def test_what_cannot_be_a_source_is_reported_and_left_out(tmp_path: Path, sources: Any, key: str, message: str) -> None:
    configuration = loaded(tmp_path, sources, {"time": {"command": "x"}})
    assert names(configuration) == ["time"]
    (problem,) = configuration.problems
    assert (problem.key, problem.message) == (key, message)
    assert problem.fix


@pytest.mark.parametrize("field", ["name", "domain", "disabled"])
def test_a_source_with_a_wrong_field_is_marked(tmp_path: Path, field: str) -> None:
    configuration = loaded(tmp_path, [{"kind": "k", field: 5}])
    assert [problem.key for problem in configuration.problems] == [f"sources[0].{field}"]
    assert configuration.sources[0].invalid is not None


def test_every_path_of_a_source_is_relative_to_the_file(tmp_path: Path) -> None:
    tools = [{"name": "a", "cwd": "scripts", "command": ["./a"]}, {"name": "b"}, "odd", {"cwd": 5}]
    entry = {"kind": "k", "name": "n", "paths": ["a/*.json", "/b", 5, "https://x.example"], "cwd": "~", "tools": tools}
    (source,) = loaded(tmp_path, [entry], HOME="/home/ada").sources
    assert source.options == {
        "paths": [str(tmp_path / "a/*.json"), "/b", 5, "https://x.example"],
        "cwd": "/home/ada",
        "tools": [
            {"name": "a", "cwd": str(tmp_path / "scripts"), "command": ["./a"]},
            {"name": "b"},
            "odd",
            {"cwd": 5},
        ],
    }


def test_programs_run_in_the_folder_of_the_file_if_no_other_is_named(tmp_path: Path) -> None:
    entries = [{"kind": "code_exec", "name": "a"}, {"kind": "code_exec", "name": "b", "cwd": "x"}]
    assert [source.options["cwd"] for source in loaded(tmp_path, entries).sources] == [
        str(tmp_path),
        str(tmp_path / "x"),
    ]
