"""The files that paths stand for, and whether they are as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

_SUFFIXES = frozenset({".json", ".jsonl"})

Stamp: TypeAlias = tuple[int, int, int]
"""When a file was written last, its size, and which file it is: equal stamps are equal contents."""


def stamps_of(paths: Sequence[Path]) -> dict[Path, Stamp]:
    """Return the files that paths stand for, in their order, each once; one that is gone meanwhile is left out.

    A folder stands for the ``*.json`` and ``*.jsonl`` files in it, what is neither file nor folder for what it matches
    as a pattern (``tools/**/*.json``).
    """
    found: dict[Path, Stamp] = {}
    for path in paths:
        for file in _files(path):
            if file not in found and (stamp := _stamp(file)) is not None:
                found[file] = stamp
    return found


def is_pattern(path: Path) -> bool:
    """Whether a path means whatever it matches."""
    return any(sign in str(path) for sign in "*?[") and not path.exists()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    elif is_pattern(path):
        folder, pattern = _divided(path)
        yield from sorted(file for file in folder.glob(pattern) if file.is_file())
    else:
        yield path


def _divided(path: Path) -> tuple[Path, str]:
    """Return the deepest folder above a pattern that is there, whatever signs are in its name, and the rest."""
    folder = next(parent for parent in path.parents if parent.is_dir())
    return folder, path.relative_to(folder).as_posix()


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
