"""How a server is treated: as its entry says, else as the settings say for all."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.config import Configuration, DownstreamSettings, Settings, load
from mcp_toolweaver.core.policy import SourcePolicy

OWN = {
    "start": "Eager",
    "idleTimeout": 0,
    "refreshInterval": 60,
    "concurrency": 1,
    "queue": 0,
    "queueTimeout": 0.5,
    "deadline": 1000,
    "trusted": True,
}


def loaded(folder: Path, entry: dict[str, Any], downstream: dict[str, Any] | None = None, **more: Any) -> Configuration:
    file = folder / "mcp.json"
    servers = {"s": {"command": "x", **entry}, "other": {"command": "y"}}
    document = {"mcpServers": servers, "toolweaver": {"downstream": downstream or {}}, **more}
    file.write_text(json.dumps(document), encoding="utf-8")
    return load(file, {})


def policies(configuration: Configuration) -> list[SourcePolicy]:
    assert configuration.problems == ()
    return [source.policy(configuration.settings) for source in configuration.sources]


def test_without_a_word_of_the_owner_all_servers_are_treated_alike(tmp_path: Path) -> None:
    assert policies(loaded(tmp_path, {})) == [SourcePolicy(), SourcePolicy()]
    assert DownstreamSettings().policy == SourcePolicy()


def test_an_entry_counts_for_its_server_and_the_settings_for_the_others(tmp_path: Path) -> None:
    downstream = {"idle_timeout": 5, "concurrency": 3, "queue": 7, "start": "eager"}
    one, other = policies(loaded(tmp_path, OWN, downstream))
    assert one == SourcePolicy(
        start="eager",
        idle_timeout=0,
        refresh_interval=60,
        concurrency=1,
        queue=0,
        queue_timeout=0.5,
        deadline=1000,
        trusted=True,
    )
    assert other == SourcePolicy(start="eager", idle_timeout=5, concurrency=3, queue=7)


def test_what_is_ours_is_no_option_of_the_server(tmp_path: Path) -> None:
    (source, _other) = loaded(tmp_path, {**OWN, "prefix": "gh", "resources": False, "prompts": False}).sources
    assert source.options == {"transport": "stdio", "command": "x", "args": [], "env": {}}
    assert (source.prefix, source.resources, source.prompts) == ("gh", False, False)


def test_a_server_offers_everything_under_its_name_unless_its_owner_says_otherwise(tmp_path: Path) -> None:
    source, _other = loaded(tmp_path, {}).sources
    assert (source.prefix, source.resources, source.prompts) == (True, True, True)
    source, _other = loaded(tmp_path, {"prefix": False}).sources
    assert source.prefix is False


def test_the_size_of_a_frame_is_the_servers_to_know(tmp_path: Path) -> None:
    source, _other = loaded(tmp_path, {"maxFrameBytes": 1_000_000}).sources
    assert source.options["max_frame_bytes"] == 1_000_000


def test_what_is_no_server_is_open_from_the_start(tmp_path: Path) -> None:
    sources = [{"kind": "json_file", "path": "tools.json"}, {"kind": "mcp_server", "name": "m", "command": "z"}]
    found = policies(loaded(tmp_path, {}, {"start": "lazy"}, sources=sources))
    assert [policy.start for policy in found] == ["lazy", "lazy", "eager", "lazy"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", "never"),
        ("idle_timeout", -1),
        ("refresh_interval", "x"),
        ("concurrency", 0),
        ("queue", -1),
        ("queue_timeout", 0),
        ("deadline", True),
        ("trusted", True),
    ],
)
def test_a_wrong_setting_is_reported_and_ignored(tmp_path: Path, name: str, value: Any) -> None:
    configuration = loaded(tmp_path, {}, {name: value})
    (problem,) = configuration.problems
    assert problem.key == f"toolweaver.downstream.{name}"
    assert configuration.settings.downstream == Settings().downstream
