"""What a process takes and holds, read from /proc; Linux only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from bench.embed_figures import Value, memory

_PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, and not their own."""
    found: list[int] = []
    for entry in _PROC.glob("[0-9]*"):
        fields = _stat(entry)
        if fields and int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def of_folder(folder: Path) -> list[int]:
    """Return the processes whose environment names a folder, as that of a Toolweaver and of its servers does."""
    found: list[int] = []
    for entry in _PROC.glob("[0-9]*"):
        try:
            is_one = str(folder).encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if is_one and (_stat(entry) or "Z")[0] != "Z":
            found.append(int(entry.name))
    return found


def held(pid: int) -> dict[str, Value]:
    """Return memory, descriptors, threads and children of a process."""
    entry = _PROC / str(pid)
    return {
        "MB resident": memory(pid)["MB resident"],
        "descriptors": len(list((entry / "fd").iterdir())),
        "threads": len(list((entry / "task").iterdir())),
        "children": len(children(pid)),
    }


def cpu_seconds(pid: int) -> float:
    """Return the time that all threads of a process have run."""
    spent = (path.read_text(encoding="ascii").split()[0] for path in (_PROC / str(pid) / "task").glob("*/schedstat"))
    return sum(int(nanoseconds) for nanoseconds in spent) / 1e9


def wait_gone(folder: Path, seconds: float) -> tuple[float, int]:
    """Return how long it took until no process of a folder was left, and how many there are after so many seconds."""
    started = time.monotonic()
    while left := len(of_folder(folder)):
        if time.monotonic() - started > seconds:
            break
        time.sleep(0.02)
    return time.monotonic() - started, left


def files(folder: Path) -> Mapping[str, Value]:
    """Return how many files lie in a folder, and their size."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"files": len(sizes), "MB of files": sum(sizes) / 1e6}


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
