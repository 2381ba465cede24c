"""What people see of a registry: each way to run a server, what it needs, and why another cannot be run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcp_toolweaver.cli import registry_commands

ENTRIES = Path(__file__).with_name("entries")


def test_a_search_shows_how_each_server_is_run_and_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert registry_commands.search(None, "weather files", str(ENTRIES), 5, as_json=False) == 0
    told = capsys.readouterr().out
    assert "io.github.example/weather 1.2.0  Weather\n" in told
    assert "    pypi: uvx weather-mcp==1.2.0 --units ${UNITS:-celsius} ${HOME_PLACE}\n" in told
    assert "    remote: https://weather.example.com/mcp\n" in told
    assert "    needs WEATHER_KEY\n" in told
    assert "example/files:0.10.0 (risky)\n" in told


def test_what_cannot_be_run_and_what_is_old_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        {
            "server": {"name": "a/old", "packages": [{"registryType": "nuget", "identifier": "x", "version": "1"}]},
            "_meta": {"io.modelcontextprotocol.registry/official": {"status": "deprecated"}},
        },
        {"name": "a/empty", "description": "hi \x1b[31mred\u202e"},
        {"name": "bad\u202ename"},
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    assert registry_commands.search(None, "old empty", str(tmp_path), 5, as_json=False) == 0
    told = capsys.readouterr()
    assert "a/old  deprecated\n    cannot be run: a package of the kind 'nuget' is not known here\n" in told.out
    assert "    hi red\n    cannot be run: it says no way that we know\n" in told.out
    assert "line 3: left out: name" in told.err
    assert registry_commands.show(None, "old", str(tmp_path), as_json=False) == 0
    assert "not this way: a package of the kind 'nuget'" in capsys.readouterr().out


def test_of_two_servers_with_one_short_name_neither_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.json").write_text(json.dumps([{"name": "a/x"}, {"name": "b/x"}]), encoding="utf-8")
    assert registry_commands.show(None, "x", str(tmp_path), as_json=False) == 1
    assert "'x' is the name of several: a/x, b/x" in capsys.readouterr().err
    assert registry_commands.show(None, "b/x", str(tmp_path), as_json=False) == 0
