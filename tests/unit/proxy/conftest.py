"""Real servers for the proxy to stand in front of."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

WEB_SERVER = Path(__file__).parents[2] / "downstreams" / "web_server.py"


@pytest.fixture(scope="session")
def web_server() -> Iterator[str]:
    """Start the web server; yield its address without a path."""
    process = subprocess.Popen([sys.executable, str(WEB_SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
