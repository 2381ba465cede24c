"""Folders in which a source's modules are looked for first, by that source alone.

Two sources may have modules of one name in different folders: each imports its own, and a source that is opened anew
imports them as they are now. A module stays what it is for those that hold it; the name leads to the last one.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType

_FOLDER: ContextVar[Path | None] = ContextVar("_FOLDER", default=None)
_STEP = 0.05
_ours: set[str] = set()
"""What was found in folders of sources: modules and packages, without what is in these."""


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules in the folder of the source for which code runs just now."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        folder = _FOLDER.get()
        if folder is None or path is not None:  # a part of a package is found where the package is
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, [str(folder)], target)
        if found is not None:
            _ours.add(fullname)
        return found


_FINDER = _Finder()


@contextmanager
def looking_in(folder: Path | None) -> Generator[None]:
    """Have what is imported in this context looked for in the folder first."""
    if folder is not None and _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


@contextmanager
def importing_from(folder: Path) -> Generator[None]:
    """Import from the folder, one source at a time, with what other folders brought out of the way."""
    turn = _turns.take(folder)
    try:
        away = {name: module for name, module in list(sys.modules.items()) if _outermost(name) in _ours}
        for name in away:
            del sys.modules[name]
        importlib.invalidate_caches()
        try:
            with looking_in(folder):
                yield
        finally:
            anew = {_outermost(name) for name in list(sys.modules)}
            sys.modules.update({name: module for name, module in away.items() if _outermost(name) not in anew})
    finally:
        _turns.leave(turn)


def give_up(folder: Path | None) -> None:
    """Let others have their turn, since an import from this folder takes too long."""
    if folder is not None:
        _turns.skip(folder)


def _outermost(name: str) -> str:
    return name.partition(".")[0]


class _Turns:
    """Who imports just now. A lock would be held for ever by one whose import never ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: tuple[Path, object] | None = None

    def take(self, folder: Path) -> object:
        """Wait until it is our turn; return what stands for it."""
        turn = object()
        while True:
            with self._lock:
                if self._holder is None:
                    self._holder = folder, turn
                    return turn
            time.sleep(_STEP)

    def leave(self, turn: object) -> None:
        """End a turn, if it was not taken away."""
        with self._lock:
            if self._holder is not None and self._holder[1] is turn:
                self._holder = None

    def skip(self, folder: Path) -> None:
        """Take the turn away from whoever imports from this folder."""
        with self._lock:
            if self._holder is not None and self._holder[0] == folder:
                self._holder = None


_turns = _Turns()
