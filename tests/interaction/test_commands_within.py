"""Commands with which an owner sees what a profile sees."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.interaction.servers import COMPANY, SERVE, TIME, environment, write_config

SETTINGS = {
    "profiles": {"clock": {"allow": ["time"]}, "look": {"effects": "read"}, "rest": {"deny": {"servers": "time"}}},
    "effects": {"time__*": "write"},
}
NOW = ("call", "time__get_current_time", '{"timezone": "Asia/Tokyo"}')


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("within"), {"time": TIME}, sources=[COMPANY], toolweaver=SETTINGS)


def run(config: Path, *arguments: str) -> tuple[int, str, Any]:
    """Return the status of a command, what it says of mistakes, and what it prints as JSON."""
    command = [*SERVE[:-1], *arguments, "--json", "--config", str(config)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=120, check=False
    )
    return done.returncode, done.stderr, json.loads(done.stdout) if done.stdout else None


def test_a_list_is_of_what_a_profile_sees(config: Path) -> None:
    status, _told, found = run(config, "list", "--tools", "--profile", "clock")
    assert status == 0
    assert [server["name"] for server in found["servers"]] == ["time"]
    assert {tool["server"] for tool in found["tools"]} == {"time"}
    _status, _told, rest = run(config, "list", "--known", "--tools", "--profile", "rest")
    assert "time" not in {tool["server"] for tool in rest["tools"]}
    assert len(rest["tools"]) == rest["tool_count"] > 100


def test_a_search_finds_what_a_profile_sees(config: Path) -> None:
    _status, _told, found = run(config, "search", "what time is it in Tokyo", "--profile", "clock")
    assert {tool["server"] for tool in found["tools"]} == {"time"}
    _status, _told, found = run(config, "search", "what time is it in Tokyo", "--profile", "rest")
    assert found["tools"]
    assert "time__" not in str(found)


def test_a_call_is_made_as_within_a_profile(config: Path) -> None:
    assert "+09:00" in str(run(config, *NOW, "--profile", "clock"))
    status, told, _found = run(config, *NOW, "--profile", "look")
    assert status == 1
    assert "its effect is write (its owner says so), and look permits read calls only" in told
    status, told, _found = run(config, *NOW, "--profile", "rest")
    assert status == 1
    assert "There is no tool named 'time__get_current_time'" in told


@pytest.mark.parametrize("command", [("list",), ("search", "time"), NOW])
def test_a_profile_that_is_not_there_is_wrong_usage(config: Path, command: tuple[str, ...]) -> None:
    status, told, found = run(config, *command, "--profile", "nope")
    assert (status, found) == (2, None)
    assert "there is no profile 'nope'; there are clock, look, rest" in told
