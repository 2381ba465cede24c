"""Every kind of source keeps the promises of `CatalogSource`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from catalog_sources import code_exec, json_file, mcp_server, python_functions
from tests.contracts.source import SOURCE_CONTRACT, Promise, SourceCase, kept_clean

Maker: TypeAlias = Callable[[Path], SourceCase]

RAW_SERVER = Path(__file__).parents[2] / "downstreams" / "raw_stdio.py"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
FUNCTIONS = """
import time
from pathlib import Path

def echo(text: str) -> dict[str, str]:
    '''Say it again.'''
    return {"said": text}

def wait() -> None:
    '''Wait for long.'''
    Path(__file__).with_name("started").write_text("x")
    time.sleep(3600)
"""
WAITING = "import sys, time, pathlib; pathlib.Path('started').write_text('x'); time.sleep(3600)"


def files(folder: Path) -> SourceCase:
    (folder / "tools.jsonl").write_text(json.dumps({"name": "echo", "inputSchema": TEXT, "kind": "http"}))
    return SourceCase(json_file.open_source, {"path": str(folder)}, "http", wait=None)


def functions(folder: Path) -> SourceCase:
    (folder / "contracted.py").write_text(FUNCTIONS)
    options = {"functions": "contracted", "path": str(folder)}
    return SourceCase(python_functions.open_source, options, "function", started=folder / "started")


def programs(folder: Path) -> SourceCase:
    python = [sys.executable, "-I", "-S", "-c"]
    tools: list[dict[str, Any]] = [
        {"name": "echo", "inputSchema": TEXT, "command": [*python, "import sys; print(sys.stdin.read())"]},
        {"name": "wait", "command": [*python, WAITING]},
    ]
    options = {"tools": tools, "cwd": str(folder)}
    return SourceCase(code_exec.open_source, options, "code_exec", started=folder / "started")


def servers(folder: Path) -> SourceCase:
    started = folder / "ledger"
    arguments = ["-I", "-S", str(RAW_SERVER), "--ledger", str(started)]
    options = {"transport": "stdio", "command": sys.executable, "args": arguments}
    return SourceCase(mcp_server.open_source, options, "mcp_worker", wait="hang", started=started)


def name_of(value: Promise | Maker) -> str:
    return value.__name__


@pytest.mark.parametrize("maker", [files, functions, programs, servers], ids=name_of)
@pytest.mark.parametrize("promise", SOURCE_CONTRACT, ids=name_of)
def test_promise(promise: Promise, maker: Maker, tmp_path: Path) -> None:
    kept_clean(promise, maker(tmp_path))
