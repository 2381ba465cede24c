"""Our own modules in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.children import ChildFailed, run_module

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _run(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (folder / "a_child.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    lines: list[str] = []
    await run_module("a_child", on_line=lines.append)
    return lines


async def test_each_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _run(tmp_path, "print('one')\nprint('two')", monkeypatch) == ["one", "two"]


async def test_a_failure_carries_the_last_line_of_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChildFailed, match="ValueError: no such thing"):
        await _run(tmp_path, "raise ValueError('no such thing')", monkeypatch)


async def test_a_silent_failure_carries_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChildFailed, match="status 7"):
        await _run(tmp_path, "raise SystemExit(7)", monkeypatch)


async def test_much_output_on_both_streams_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys\nfor n in range(20000): print(n); print('x' * 50, file=sys.stderr)"
    assert len(await _run(tmp_path, code, monkeypatch)) == 20_000


async def test_a_caller_that_leaves_kills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        f"import os, time\nprint(os.getpid(), flush=True)\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    )
    with anyio.move_on_after(1.5):
        await _run(tmp_path, code + "\ntime.sleep(60)", monkeypatch)
    _gone(int((tmp_path / "pid").read_text(encoding="utf-8")))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel ends a child with its parent")
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    child = (
        "from mcp_toolweaver.core.children import be_a_child\nimport os, time\nbe_a_child()\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    (tmp_path / "a_child.py").write_text(child, encoding="utf-8")
    parent = "import anyio\nfrom mcp_toolweaver.core.children import run_module\nanyio.run(run_module, 'a_child')"
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    with subprocess.Popen([sys.executable, "-c", parent], env={**os.environ, "PYTHONPATH": paths}) as process:
        until = time.monotonic() + 30
        while not _written(tmp_path / "pid") and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
    _gone(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_an_orphan_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "a_child.py").write_text("from mcp_toolweaver.core.children import be_a_child\nbe_a_child()\nprint(1)")
    for parent, expected in ((os.getpid(), b"1\n"), (2**22 + 1, b"")):
        surroundings = {**os.environ, "TOOLWEAVER_CHILD_OF": str(parent)}
        command = [sys.executable, str(tmp_path / "a_child.py")]
        done = subprocess.run(command, env=surroundings, capture_output=True, check=False)
        assert done.stdout == (expected if sys.platform == "linux" else b"1\n")


def _written(path: Path) -> bool:
    return path.exists() and bool(path.read_text(encoding="utf-8"))


def _gone(pid: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":  # killed, and nobody has asked how it ended
            return
        time.sleep(0.05)
    pytest.fail(f"{pid} is still there")
