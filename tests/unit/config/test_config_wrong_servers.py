"""A wrong server is reported with key and fix, and shown as one that cannot be opened."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.config import Configuration, load

GOOD = {"command": "good"}


def loaded(folder: Path, document: Any, **environ: str) -> Configuration:
    file = folder / "mcp.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return load(file, environ)


@pytest.mark.parametrize(
    ("entry", "key", "message"),
    [
        ([], "", "must be an object, not a list"),
        ("npx", "", "must be an object, not a string"),
        (None, "", "must be an object, not null"),
        ({}, "", "has neither a command nor a url"),
        ({"args": ["x"]}, "", "has neither a command nor a url"),
        ({"type": "stdio"}, ".command", "is missing"),
        ({"command": " "}, ".command", "is empty"),
        ({"command": ["npx", "-y"]}, ".command", "must be a string, not a list"),
        ({"type": "stdio", "url": "https://x.example"}, ".command", "is missing"),
        ({"type": "http"}, ".url", "is missing"),
        ({"type": "sse", "command": "x"}, ".url", "is missing"),
        ({"url": ""}, ".url", "is empty"),
        ({"url": 5}, ".url", "must be a string, not a number"),
        ({"serverUrl": "example.com/mcp"}, ".serverUrl", "is not a web address"),
        ({"httpUrl": "https://[::1"}, ".httpUrl", "is not a web address"),
        ({"url": "https://x.example:99999/"}, ".url", "is not a web address"),
        ({"type": "websocket", "url": "https://x.example"}, ".type", "is not a transport that MCP has"),
        ({"transport": "tcp", "command": "x"}, ".transport", "is not a transport that MCP has"),
        ({"type": 3, "command": "x"}, ".type", "must be a string, not a number"),
        ({"command": "x", "args": "-y pkg"}, ".args", "must be a list of strings, not a string"),
        ({"command": "x", "args": ["-p", 80]}, ".args[1]", "must be a string, not a number"),
        ({"command": "x", "env": ["A=1"]}, ".env", "must be an object of strings, not a list"),
        ({"command": "x", "env": {"A": True}}, ".env.A", "must be a string, not true or false"),
        ({"command": "x", "env": {"A": {"B": "C"}}}, ".env.A", "must be a string, not an object"),
        ({"command": "x", "cwd": 1}, ".cwd", "must be a string, not a number"),
        ({"url": "https://x.example", "headers": "A: b"}, ".headers", "must be an object of strings, not a string"),
        (
            {"url": "https://x.example", "http_headers": 1},
            ".http_headers",
            "must be an object of strings, not a number",
        ),
        (
            {"url": "https://x.example", "bearer_token_env_var": 1},
            ".bearer_token_env_var",
            "must be a string, not a number",
        ),
        ({"command": "x", "connectTimeout": "5"}, ".connectTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "callTimeout": 0}, ".callTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "callTimeout": True}, ".callTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "tool_timeout_sec": -1}, ".tool_timeout_sec", "must be a number of seconds above 0"),
        ({"command": "x", "callTimeout": 10**400}, ".callTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "callTimeout": float("nan")}, ".callTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "domain": 5}, ".domain", "must be a string, not a number"),
        ({"command": "x", "start": "soon"}, ".start", "must be lazy or eager"),
        ({"command": "x", "start": True}, ".start", "must be a string, not true or false"),
        ({"command": "x", "idleTimeout": -1}, ".idleTimeout", "must be a number of seconds, or 0"),
        ({"command": "x", "idleTimeout": "10m"}, ".idleTimeout", "must be a number of seconds, or 0"),
        ({"command": "x", "refreshInterval": True}, ".refreshInterval", "must be a number of seconds, or 0"),
        ({"command": "x", "concurrency": 0}, ".concurrency", "must be a whole number of at least 1"),
        ({"command": "x", "concurrency": 2.5}, ".concurrency", "must be a whole number of at least 1"),
        ({"command": "x", "queue": -1}, ".queue", "must be a whole number of at least 0"),
        ({"command": "x", "queueTimeout": 0}, ".queueTimeout", "must be a number of seconds above 0"),
        ({"command": "x", "deadline": 0}, ".deadline", "must be a number of seconds above 0"),
        ({"command": "x", "trusted": "yes"}, ".trusted", "must be true or false, not a string"),
        ({"command": "x", "maxFrameBytes": 10}, ".maxFrameBytes", "must be a whole number of at least 65536"),
        ({"command": "x", "prefix": 5}, ".prefix", "must be true or false, not a number"),
        ({"command": "x", "prefix": " "}, ".prefix", "is empty"),
        ({"command": "x", "resources": "no"}, ".resources", "must be true or false, not a string"),
        ({"command": "x", "prompts": 0}, ".prompts", "must be true or false, not a number"),
        ({"command": "x", "disabled": "true"}, ".disabled", "must be true or false, not a string"),
    ],
)
def test_a_wrong_entry_is_reported_and_marked_and_harms_no_other(
    tmp_path: Path, entry: Any, key: str, message: str
) -> None:
    configuration = loaded(tmp_path, {"mcpServers": {"bad": entry, "good": GOOD}})
    (problem,) = configuration.problems
    assert problem.key == f"mcpServers.bad{key}"
    assert problem.message == message
    assert problem.fix
    bad, good = configuration.sources
    assert (bad.name, bad.kind) == ("bad", "mcp_server")
    assert list(bad.options) == ["invalid"]
    assert bad.invalid == f"{key[1:]}{': ' if key else ''}{message}; {problem.fix}"
    assert good.invalid is None


def test_all_that_is_wrong_with_a_server_is_said_at_once(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"mcpServers": {"bad": {"command": "", "args": {}, "env": []}}})
    assert [problem.key.rpartition(".")[2] for problem in configuration.problems] == ["command", "args", "env"]
    (source,) = configuration.sources
    assert source.invalid is not None
    assert all(f"{field}: " in source.invalid for field in ("command", "args", "env"))


def test_a_server_without_a_name_is_left_out(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"mcpServers": {"": GOOD, " ": GOOD, "good": GOOD}})
    assert [source.name for source in configuration.sources] == ["good"]
    assert [problem.message for problem in configuration.problems] == ["has no name", "has no name"]


@pytest.mark.parametrize(
    ("document", "key"),
    [({"mcpServers": []}, "mcpServers"), ({"servers": "x"}, "servers"), ({"mcp": {"servers": 1}}, "mcp.servers")],
)
def test_the_place_for_servers_must_be_an_object(tmp_path: Path, document: Any, key: str) -> None:
    (problem,) = loaded(tmp_path, document).problems
    assert problem.key == key
    assert "must be an object" in problem.message


@pytest.mark.parametrize("document", [{}, {"mcpServers": None}, {"mcp": 5}, {"theme": "dark"}])
def test_a_file_without_servers_is_shown_an_example(tmp_path: Path, document: Any) -> None:
    (problem,) = loaded(tmp_path, document).problems
    assert problem.message == "names no servers and no sources"
    example = problem.fix.removeprefix("write for example ")
    assert loaded(tmp_path, json.loads(example)).problems == ()


def test_the_example_for_a_toml_file_is_toml(tmp_path: Path) -> None:
    file = tmp_path / "mcp.toml"
    file.write_text("x = 1\n", encoding="utf-8")
    (problem,) = load(file, {}).problems
    file.write_text(problem.fix.removeprefix("write for example "), encoding="utf-8")
    assert [source.name for source in load(file, {}).sources] == ["time"]


def test_a_problem_is_one_printable_line(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, {"mcpServers": {"a\nb\x1b[31m\ud800": {"command": 5}}})
    line = str(configuration.problems[0])
    assert line.isprintable()
    assert line == (
        f"{tmp_path / 'mcp.json'}: mcpServers.a\\nb\\x1b[31m\\ud800.command (line 1): "
        'must be a string, not a number; write "command": "..."'
    )


def test_secrets_are_in_no_problem(tmp_path: Path) -> None:
    secret = "s3cr3t-value"
    entries = {
        "a": {"command": ["x", secret], "args": secret, "env": {"KEY": [secret]}},
        "b": {"url": f"ftp://{secret}", "headers": secret, "type": secret},
        "c": {"command": "x", "env": {"A": f"${{SECRET}}{secret}${{UNSET}}"}, "connectTimeout": secret},
        "d": secret,
    }
    toolweaver = {
        "expose": {"direct_threshold": secret},
        "log_level": secret,
        "downstream": secret,
        "data_dir": [secret],
    }
    document = {"mcpServers": entries, "toolweaver": toolweaver, "sources": [{"kind": [secret]}, secret]}
    environ = {"SECRET": secret, "TOOLWEAVER_EMBEDDING": secret, "TOOLWEAVER_DOWNSTREAM__CALL_TIMEOUT": secret}
    configuration = loaded(tmp_path, document, **environ)
    assert len(configuration.problems) >= 15
    assert secret not in "\n".join(map(str, configuration.problems))
    assert secret not in str([source.options for source in configuration.sources])
