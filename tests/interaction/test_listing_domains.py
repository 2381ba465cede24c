"""``toolweaver list --domains``, as a person and as a program reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.interaction.servers import COMPANY, environment, write_config


def listed(folder: Path, *arguments: str) -> str:
    """Return what ``toolweaver list`` prints of the demo's catalog and a few tools more."""
    bag = folder / "bag.jsonl"
    bag.write_text("".join(f'{{"name": "{name}", "description": "Does."}}\n' for name in ("sing", "dance")))
    own = {"kind": "json_file", "name": "bag", "path": str(bag)}
    chosen = {**own, "name": "github-work", "domain": "code"}
    config = write_config(folder, {}, sources=[COMPANY, own, chosen])
    command = [sys.executable, "-m", "mcp_toolweaver", "list", *arguments, "--config", str(config)]
    env = environment(folder, COLUMNS="140")
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=90, check=True).stdout


def test_domains_are_listed_with_their_tools_and_servers(tmp_path: Path) -> None:
    lines = listed(tmp_path, "--domains").splitlines()
    assert any("20 domains" in line for line in lines)
    [code] = [line for line in lines if "configured" in line and " code " in line]
    assert "github-work (2)" in code
    [bag] = [line for line in lines if "bag (2)" in line]
    assert "own server" in bag


def test_programs_read_how_large_each_domain_is_and_how_it_was_found(tmp_path: Path) -> None:
    listing: dict[str, Any] = json.loads(listed(tmp_path, "--domains", "--json"))
    domains = {each["domain"]: each for each in listing["domains"]}
    assert domains["bag"] == {"domain": "bag", "tools": 2, "servers": {"bag": 2}, "detected": ["own server"]}
    assert domains["code"]["detected"] == ["configured"]
    assert domains["commerce"]["servers"] == {"shopfront": 18}
    assert sum(each["tools"] for each in listing["domains"]) == listing["tool_count"]
    assert "tools" not in listing


def test_the_domains_of_one_server_are_listed_alone(tmp_path: Path) -> None:
    listing = json.loads(listed(tmp_path, "shopfront", "--domains", "--json"))
    assert [each["domain"] for each in listing["domains"]] == ["commerce"]
