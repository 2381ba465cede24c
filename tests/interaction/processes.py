"""Which processes of a test are alive; a test's servers inherit its folder as their HOME."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def alive(folder: Path, words: str) -> list[int]:
    """Return the processes of a test, other than Toolweaver itself, whose command has these words."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            surroundings = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        is_ours = str(folder).encode() in surroundings and b"mcp_toolweaver" not in command
        if is_ours and state != "Z" and words.encode() in command:
            found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether the condition held at some moment of that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
