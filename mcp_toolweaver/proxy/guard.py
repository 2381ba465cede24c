"""Our end of the guard: one small process that ends our children if we are killed. See ``marked``."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time

from mcp_toolweaver.proxy import marked

_log = logging.getLogger(__name__)

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_SHORT_LIFE = 5.0
"""Seconds; one that ended sooner is not replaced at once."""


class Guard:
    """Starts the process with the first child, ends it with the last, and replaces it if it dies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none."""
        process = self._process
        return process.pid if process else None

    def add(self, mark: str, group: int = 0) -> None:
        """Guard what carries the mark, and its group as soon as that is known."""
        with self._lock:
            self._groups[mark] = group
            if self._process is None:
                self._start()
            else:
                self._tell(f"+ {mark} {group}\n")

    def remove(self, mark: str) -> None:
        """Guard it no longer; nothing of it is alive."""
        with self._lock:
            self._groups.pop(mark, None)
            self._tell(f"- {mark}\n")
            if not self._groups:
                self._let_go()

    def _start(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            _log.warning("there is no Python to guard child processes with; they outlive this process if it is killed")
            return
        try:
            process = subprocess.Popen(  # noqa: S603  our own file
                [sys.executable, "-I", "-S", marked.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                start_new_session=True,
            )
        except OSError as error:
            _log.warning("child processes are not guarded: %s", error)
            return
        self._process = process
        threading.Thread(target=self._watch, args=[process, time.monotonic()], daemon=True, name="guard").start()
        self._tell("".join(f"+ {mark} {group}\n" for mark, group in self._groups.items()))
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)

    def _tell(self, lines: str) -> None:
        """Write to the process; one that does not read is as good as dead, and the thread replaces it."""
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            os.write(process.stdin.fileno(), lines.encode())
        except OSError:
            process.kill()

    def _watch(self, process: subprocess.Popen[bytes], born: float) -> None:
        process.wait()
        if time.monotonic() - born < _SHORT_LIFE and self._process is process:
            time.sleep(1)
        with self._lock:
            if self._process is not process:
                return
            self._let_go()
            if self._groups:
                _log.info("the guard of child processes ended; starting another")
                self._start()

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process and process.stdin:
            process.stdin.close()


GUARD = Guard()
"""Of this process."""
