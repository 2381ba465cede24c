"""The check that runs after tests finds what they leave behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest

from tests import leaks
from tests.leaks import watch, watch_tasks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """Wait less for what is ending."""
    monkeypatch.setattr(leaks, "_PATIENCE", 0.3)


def test_a_process_left_behind_is_found_and_named() -> None:
    child: subprocess.Popen[bytes] | None = None
    try:
        with pytest.raises(pytest.fail.Exception, match=r"the process \d+ \(.*time.sleep\(60\)"), watch():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    finally:
        assert child is not None
        child.kill()
        child.wait()


def test_a_descriptor_left_behind_is_found_and_named(tmp_path: Path) -> None:
    kept: list[socket.socket] = []
    with pytest.raises(pytest.fail.Exception, match=r"the descriptor \d+ \(socket:"), watch():
        kept.append(socket.socket())
    kept.pop().close()
    file = None
    with pytest.raises(pytest.fail.Exception, match=r"left\.txt"), watch():
        file = (tmp_path / "left.txt").open("w")
    assert file is not None
    file.close()


def test_a_thread_left_behind_is_found_and_named() -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="forgotten")
    with pytest.raises(pytest.fail.Exception, match="the thread 'forgotten'"), watch():
        thread.start()
    release.set()
    thread.join()


@pytest.mark.anyio
async def test_a_task_left_behind_is_found_and_named() -> None:
    async with anyio.create_task_group() as tasks:
        with pytest.raises(pytest.fail.Exception, match="forgotten"):
            async with watch_tasks():
                tasks.start_soon(anyio.sleep_forever, name="forgotten")
        tasks.cancel_scope.cancel()


def test_what_ends_by_itself_is_waited_for() -> None:
    with watch():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.1)"])
        threading.Thread(target=time.sleep, args=[0.1]).start()
    child.wait()


def test_looking_costs_little() -> None:
    """So that it can be done around every test."""
    durations: list[float] = []
    for _again in range(5):
        started = time.perf_counter()
        leaks.held()
        durations.append(time.perf_counter() - started)
    assert min(durations) < 0.005


def test_the_check_runs_around_tests(pytester: pytest.Pytester) -> None:
    """A test that leaks on purpose, below a conftest like ours, fails at its end."""
    source = Path(leaks.__file__).parent / "conftest.py"
    pytester.makeini("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\n")
    text = source.read_text(encoding="utf-8").replace(
        "Path(__file__).parent / folder for folder in (", "Path(__file__).parent / folder for folder in ('.', "
    )
    (pytester.path / "conftest.py").write_text(text, encoding="utf-8")
    pytester.makepyfile(
        """
        import asyncio, socket, anyio, pytest
        KEPT = []
        def test_leaks_a_socket():
            KEPT.append(socket.socket())
        @pytest.mark.anyio
        async def test_leaks_a_task():
            KEPT.append(asyncio.create_task(anyio.sleep_forever(), name="forgotten"))
        @pytest.mark.anyio
        async def test_is_tidy():
            await anyio.sleep(0)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(["*left behind: the descriptor*socket:*", "*left behind: the task 'forgotten'*"])
