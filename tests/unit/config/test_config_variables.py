"""Variables are replaced wherever a host would replace them, and nowhere else."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.variables import Variables

ENVIRON = {"A": "alpha", "EMPTY": "", "NESTED": "${A}", "API_KEY_2": "key", "MY-VAR": "dash", "HOME": "/home/ada"}
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.integers()
    | st.text()
    | st.text(st.sampled_from("$%{}A:-")).map(lambda text: text.replace("${", "$")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def loaded(folder: Path, document: Any, **environ: str) -> Configuration:
    file = folder / "mcp.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document), encoding="utf-8")
    return load(file, environ)


def expanded(value: Any) -> Any:
    problems = Problems("f")
    result = Variables(ENVIRON, Path("/work space/project")).expand(value, problems)
    assert problems.found == ()
    return result


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "alpha"),
        ("<${A}${A}>", "<alphaalpha>"),
        ("${env:A}", "alpha"),
        ("${env:MY-VAR}", "dash"),
        ("${EMPTY}", ""),
        ("${UNSET:-x y/z:1}", "x y/z:1"),
        ("${UNSET:-}", ""),
        ("${env:UNSET:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${A:-other}", "alpha"),
        ("${input:api-key.2}", "key"),
        ("${workspaceFolder}/x", "/work space/project/x"),
        ("${workspaceFolderBasename}", "project"),
        ("${userHome}/x", "/home/ada/x"),
        ("a${pathSeparator}b${/}c", f"a{os.sep}b{os.sep}c"),
        ("${NESTED}", "${A}"),
        ("${UNSET:-$A}", "$A"),
    ],
)
def test_a_variable_becomes_its_value(text: str, value: str) -> None:
    assert expanded(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "$A"),
        ("${A", "${A"),
        ("${}", "${}"),
        ("%A%", "%A%"),
        ("${x%.*}", "${x%.*}"),
        ("${#A}", "${#A}"),
        ("$${A}", "${A}"),
        ("$${UNSET}", "${UNSET}"),
        ("$$${A}", "$${A}"),
        ("{A}", "{A}"),
        ("${A b}", "${A b}"),
    ],
)
def test_what_is_no_variable_stays(text: str, value: str) -> None:
    assert expanded(text) == value


def test_texts_in_lists_and_objects_are_expanded_and_keys_are_not() -> None:
    assert expanded({"${A}": ["${A}", {"x": "${A}"}, 1, None, True]}) == {
        "${A}": ["alpha", {"x": "alpha"}, 1, None, True]
    }


@given(JSON_VALUES)
def test_a_value_without_variables_is_returned_as_it_is(value: Any) -> None:
    if "${" not in json.dumps(value):
        assert expanded(value) == value


def test_the_home_folder_of_windows_has_another_variable() -> None:
    environ = {"USERPROFILE": "C:/Users/ada"}
    assert Variables(environ, Path("/p")).expand("${userHome}", Problems("f")) == "C:/Users/ada"


def test_the_home_folder_is_known_without_the_environment() -> None:
    assert Variables({}, Path("/p")).expand("${userHome}", Problems("f")) == str(Path.home())


def test_without_a_file_the_project_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Variables({}).expand("${workspaceFolder}", Problems("f")) == str(tmp_path)


@pytest.mark.parametrize(("folder", "project"), [("conf", "conf"), (".vscode", ""), (".cursor", "")])
def test_the_project_is_the_folder_of_the_file_unless_that_is_the_hosts(
    tmp_path: Path, folder: str, project: str
) -> None:
    document = {"mcpServers": {"s": {"command": "x", "cwd": "${workspaceFolder}"}}}
    (source,) = loaded(tmp_path / folder, document).sources
    assert source.options["cwd"] == str(tmp_path / project)


def test_every_field_that_is_used_is_expanded(tmp_path: Path) -> None:
    local = {
        "type": "${T}",
        "command": "${C}",
        "args": ["a", "${C}"],
        "env": {"E": "${C}"},
        "cwd": "${C}",
        "domain": "${C}",
    }
    remote = {"url": "https://${C}/${S}", "headers": {"H": "${C}"}}
    document = {"mcpServers": {"local": local, "remote": remote}}
    first, second = loaded(tmp_path, document, T="stdio", C="c", S="sse").sources
    assert first.options == {"transport": "stdio", "command": "c", "args": ["a", "c"], "env": {"E": "c"}, "cwd": "c"}
    assert first.domain == "c"
    assert second.options == {"transport": "sse", "url": "https://c/sse", "headers": {"H": "c"}}


def test_a_variable_in_a_field_of_the_host_is_the_hosts_affair(tmp_path: Path) -> None:
    document = {"mcpServers": {"s": {"command": "x", "description": "${UNSET}", "envFile": "${UNSET}"}}}
    configuration = loaded(tmp_path, document)
    assert configuration.problems == ()
    assert configuration.sources[0].invalid is None


@pytest.mark.parametrize(
    ("entry", "key", "needs", "fix"),
    [
        ({"command": "x", "args": ["a", "${TOKEN}"]}, "args[1]", "the environment variable TOKEN", "${TOKEN:-default}"),
        ({"command": "x", "env": {"K": "${env:TOKEN}"}}, "env.K", "the environment variable TOKEN", "export TOKEN"),
        ({"url": "${BASE}/mcp"}, "url", "the environment variable BASE", "$${BASE}"),
        ({"url": "https://x", "headers": {"K": "${input:my-key}"}}, "headers.K", "variable MY_KEY", "export MY_KEY"),
        ({"command": "${command:pick.it}"}, "command", "${command:pick.it}", "write the value instead"),
        ({"command": "x", "cwd": "${config:a.b}"}, "cwd", "${config:a.b}", "write the value instead"),
    ],
)
def test_a_server_with_a_hole_in_it_is_not_opened(tmp_path: Path, entry: Any, key: str, needs: str, fix: str) -> None:
    configuration = loaded(tmp_path, {"mcpServers": {"s": entry}})
    (problem,) = configuration.problems
    assert problem.key == f"mcpServers.s.{key}"
    assert problem.message.startswith("needs ")
    assert needs in problem.message
    assert fix in problem.fix
    assert configuration.sources[0].options == {"invalid": f"{key}: {problem.message}; {problem.fix}"}


def test_a_header_of_codex_needs_its_variable(tmp_path: Path) -> None:
    document = {"mcp_servers": {"s": {"url": "https://x.example", "bearer_token_env_var": "TOKEN"}}}
    (problem,) = loaded(tmp_path, document).problems
    assert "TOKEN" in problem.message


def test_a_source_with_a_hole_in_it_is_not_opened(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"sources": [{"kind": "json_file", "path": "${UNSET}/x.json"}]})
    assert [problem.key for problem in configuration.problems] == ["sources[0].path"]
    assert configuration.sources[0].invalid is not None
