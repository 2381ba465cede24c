"""Our own logs do not repeat a secret that the process was told, not even in a traceback."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import logging
from mcp_toolweaver.core.secrecy import keep_secret
from mcp_toolweaver.telemetry.logs import configure
configure("info")
keep_secret("hunter2-hunter2")
try:
    raise ValueError("not hunter2-hunter2")
except ValueError:
    logging.getLogger("mcp_toolweaver.x").exception("with %s", "hunter2-hunter2")
"""


def test_a_log_line_and_its_traceback_hide_secrets() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    assert "with ***" in done.stderr
    assert "ValueError: not ***" in done.stderr
    assert "hunter2" not in done.stderr
