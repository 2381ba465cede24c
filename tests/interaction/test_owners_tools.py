"""Tools of the owner's own, behind a real server: functions, programs, described ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

import mcp_toolweaver
from tests.interaction.servers import ROOT, environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

FUNCTIONS = '''
import os, subprocess, sys

def shout(text: str) -> dict[str, str]:
    """Say a text loudly, and print all over the place."""
    print("printed while being called")
    sys.stdout.write('{"jsonrpc": "2.0", "id": 1, "result": {}}\\n')
    sys.stdout.flush()
    os.write(1, b"straight to the descriptor\\n")
    subprocess.run([sys.executable, "-I", "-S", "-c", "print('by a child')"], check=True)
    return {"shouted": text.upper()}

def unhinted(text):
    """Cannot be a tool."""

print("printed while being imported")
'''
COUNT = "import json, sys; print(json.dumps({'letters': len(json.load(sys.stdin)['text'])}))"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def configured(folder: Path) -> Path:
    (folder / "owned.py").write_text(FUNCTIONS)
    (folder / "count.py").write_text(COUNT)
    (folder / "described").mkdir()
    (folder / "described" / "a.json").write_text(json.dumps([{"name": "old_stamp", "description": "Collect stamps."}]))
    count = {"name": "count", "description": "Count letters.", "inputSchema": TEXT}
    sources: list[dict[str, Any]] = [
        {"kind": "python_functions", "name": "mine", "functions": "owned", "path": "."},
        {"kind": "code_exec", "name": "scripts", "tools": [{**count, "command": [sys.executable, "count.py"]}]},
        {"kind": "json_file", "name": "files", "path": "described/*.json"},
    ]
    return write_config(folder, {}, sources=sources)


async def test_functions_and_programs_are_called_and_edited_files_are_found_over_stdio(tmp_path: Path) -> None:
    with anyio.fail_after(110):
        async with host(configured(tmp_path), TOOLWEAVER_EXPOSE__MODE="search") as client:
            shouted = await client.call_tool("call_tool", {"name": "mine__shout", "arguments": {"text": "hi"}})
            counted = await client.call_tool("call_tool", {"name": "scripts__count", "arguments": {"text": "four"}})
            assert (shouted.structured_content, counted.structured_content) == ({"shouted": "HI"}, {"letters": 4})
            described = await client.call_tool("call_tool", {"name": "files__old_stamp", "arguments": {}})
            assert described.is_error
            assert "no server stands behind it" in text_of(described)
            (tmp_path / "described" / "b.json").write_text(json.dumps({"name": "moth", "description": "Catch moths."}))
            while "files__moth" not in text_of(await client.call_tool("search_tools", {"query": "catch moths"})):
                await anyio.sleep(0.2)
    said = (tmp_path / "stderr.txt").read_text()
    assert "printed while being called" in said
    assert "by a child" in said


def toolweaver(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mcp_toolweaver", *arguments]
    env = environment(folder, COLUMNS="200", **more)
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=110, check=False, cwd=folder)


def test_what_a_function_prints_is_no_part_of_what_a_command_prints(tmp_path: Path) -> None:
    config = configured(tmp_path)
    done = toolweaver(tmp_path, "call", "mine__shout", '{"text": "hi"}', "--json", "--config", str(config))
    assert (done.returncode, done.stderr) == (0, done.stderr)
    assert json.loads(done.stdout)["structuredContent"] == {"shouted": "HI"}


EXAMPLE = ROOT / "docs" / "examples" / "toolweaver-hello-source"
GUIDE = ROOT / "docs" / "guides" / "writing-a-source.md"


def test_the_source_of_the_guide_has_20_lines_and_works_once_pip_has_installed_it(tmp_path: Path) -> None:
    code = (EXAMPLE / "toolweaver_hello.py").read_text().split('"""')
    lines = [line for part in code[::2] for line in part.splitlines() if line.strip()]
    assert len(lines) <= 20
    shutil.copytree(EXAMPLE, tmp_path / "hello")  # a build writes beside what it builds
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(tmp_path / "site")]
    subprocess.run([*install, str(tmp_path / "hello")], check=True, timeout=110)
    (tmp_path / "toolweaver.json").write_text(
        json.dumps({"sources": [{"kind": "hello", "name": "greeter", "greeting": "Good morning"}]})
    )
    where = {"PYTHONPATH": str(tmp_path / "site")}
    called = toolweaver(tmp_path, "call", "greeter__hello", '{"who": "Ada"}', **where)
    assert (called.returncode, called.stdout) == (0, "Good morning, Ada!\n"), called.stderr
    listed = toolweaver(tmp_path, "list", "greeter", "--json", **where)
    assert [tool["name"] for tool in json.loads(listed.stdout)["tools"]] == ["greeter__hello"]


@pytest.mark.parametrize("name", mcp_toolweaver.__all__)
def test_the_guide_says_what_each_public_name_is_for(name: str) -> None:
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    assert any(f"`{name}`" in row or f"`{name}(" in row or f"`{name}." in row for row in rows)
    assert getattr(mcp_toolweaver, name) is not None
