"""A process knows when it was started, not only since when its modules are loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from mcp_toolweaver.telemetry.age import process_start

LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells cheaply")


def test_the_start_lies_in_the_past() -> None:
    assert process_start() < time.monotonic()


@LINUX
def test_what_was_done_before_the_module_was_loaded_counts() -> None:
    code = (
        "import time; time.sleep(0.3); started = time.monotonic();"
        "from mcp_toolweaver.telemetry.age import process_start; print(started - process_start())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.25 < float(done.stdout) < 60


@LINUX
def test_where_the_system_does_not_tell_the_start_of_the_module_counts(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    for content in ("", "1 (a) b) S", "1 (x) " + "y " * 40, "1 (x) S " + "0 " * 40):
        stat.write_text(content)
        code = (
            f"from pathlib import Path; from mcp_toolweaver.telemetry import age; age._OWN = Path({str(stat)!r});"
            "import time; print(time.monotonic() - age.process_start())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert 0 <= float(done.stdout) < 5
