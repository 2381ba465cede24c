"""What one server's entry may say, whichever host it was written for."""

from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.config import Configuration, load


def loaded(folder: Path, text: str, name: str = "mcp.json", **environ: str) -> Configuration:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load(file, environ)


def options_by_name(configuration: Configuration) -> dict[str, Any]:
    assert configuration.problems == ()
    assert {source.kind for source in configuration.sources} <= {"mcp_server"}
    return {source.name: dict(source.options) for source in configuration.sources}


def stdio(command: str, *args: str, **env: str) -> dict[str, Any]:
    return {"transport": "stdio", "command": command, "args": list(args), "env": env}


def remote(transport: str, url: str, **headers: str) -> dict[str, Any]:
    return {"transport": transport, "url": url, "headers": headers}


@pytest.mark.parametrize("written", ["http", "HTTP", "streamable-http", "streamable_http", "streamableHttp"])
@pytest.mark.parametrize("key", ["type", "transport"])
def test_streamable_http_has_many_names(tmp_path: Path, key: str, written: str) -> None:
    text = f'{{"mcpServers": {{"s": {{"{key}": "{written}", "url": "https://x.example/sse"}}}}}}'
    assert options_by_name(loaded(tmp_path, text)) == {"s": remote("http", "https://x.example/sse")}


@pytest.mark.parametrize("url", ["https://x.example/sse", "https://x.example/a/sse/?k=v"])
def test_a_url_that_ends_in_sse_means_server_sent_events(tmp_path: Path, url: str) -> None:
    assert options_by_name(loaded(tmp_path, f'{{"mcpServers": {{"s": {{"url": "{url}"}}}}}}')) == {
        "s": remote("sse", url)
    }


def test_a_command_with_spaces_is_kept_as_it_is(tmp_path: Path) -> None:
    text = '{"mcpServers": {"s": {"command": "C:/Program Files/x.exe --flag"}}}'
    assert options_by_name(loaded(tmp_path, text)) == {"s": stdio("C:/Program Files/x.exe --flag")}


def test_our_own_keys_stand_beside_those_of_the_host(tmp_path: Path) -> None:
    text = '{"mcpServers": {"s": {"command": "x", "connectTimeout": 5, "callTimeout": 0.5, "domain": "files"}}}'
    (source,) = loaded(tmp_path, text).sources
    assert source.options == stdio("x") | {"connect_timeout": 5, "call_timeout": 0.5}
    assert (source.domain, source.origin) == ("files", "mcpServers.s")


@pytest.mark.parametrize("off", ['"disabled": true', '"enabled": false'])
def test_a_server_that_is_switched_off_is_not_loaded_whatever_is_wrong_with_it(tmp_path: Path, off: str) -> None:
    text = f'{{"mcpServers": {{"s": {{"command": "${{UNSET}}", "args": 5, {off}}}}}}}'
    assert options_by_name(loaded(tmp_path, text)) == {}


@pytest.mark.parametrize("text", ['{"mcpServers": {}}', '{"servers": {}}', '{"sources": []}'])
def test_a_place_for_servers_may_be_empty(tmp_path: Path, text: str) -> None:
    assert options_by_name(loaded(tmp_path, text)) == {}


def test_a_server_keeps_its_name_when_another_host_has_it_too(tmp_path: Path) -> None:
    text = '{"mcpServers": {"s": {"command": "first"}}, "servers": {"s": {"command": "second"}}}'
    configuration = loaded(tmp_path, text)
    assert [source.options["command"] for source in configuration.sources] == ["first"]
    (problem,) = configuration.problems
    assert problem.key == "servers.s"
    assert "mcpServers.s" in problem.message


def test_headers_from_the_environment_join_those_that_are_written_out(tmp_path: Path) -> None:
    entry = '{"url": "https://x.example", "headers": {"A": "a"}, "bearer_token_env_var": "T"}'
    (source,) = loaded(tmp_path, f'{{"mcpServers": {{"s": {entry}}}}}', T="t").sources
    assert source.options["headers"] == {"A": "a", "Authorization": "Bearer t"}


def test_a_blank_domain_is_none(tmp_path: Path) -> None:
    text = '{"mcpServers": {"s": {"command": "x", "domain": ""}}, "sources": [{"kind": "k", "domain": ""}]}'
    assert [source.domain for source in loaded(tmp_path, text).sources] == [None, None]
