"""What runs a model tells nobody about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.tiny_model import write_tiny_model

CODE = """
import sys
from pathlib import Path
from mcp_toolweaver.embeddings.onnx_runtime.runtime import load
from mcp_toolweaver.embeddings.recipe import read_recipe
folder = Path(sys.argv[1])
load(folder / "onnx" / "model.onnx", folder / "tokenizer.json", read_recipe(folder), "fp32").vector("issue")
"""


def test_onnx_runtime_writes_no_report_about_this_machine(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folders = {name: str(home / name) for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME")}
    surroundings = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", CODE, str(write_tiny_model(tmp_path / "tiny"))]
    subprocess.run(command, env={**surroundings, **folders}, check=True, timeout=60)
    assert [path for path in home.rglob("*") if path.is_file()] == []
