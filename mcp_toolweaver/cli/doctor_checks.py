"""The doctor on everything but search by meaning: Python, the configuration, folders."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile

from mcp_toolweaver.cli.doctor_rows import Row, State
from mcp_toolweaver.cli.index_printing import readable_size
from mcp_toolweaver.config import Configuration, Settings

_LITTLE = 500_000_000
"""Bytes; a model that is made ready for the CPU needs half of it for a while."""


def environment_rows() -> Iterator[Row]:
    """Say what we run on."""
    yield Row("environment", "toolweaver", version("mcp-toolweaver"))
    yield Row("environment", "Python", f"{platform.python_version()} ({sys.executable})")
    yield Row("environment", "system", f"{platform.system()} {platform.release()} on {platform.machine()}")


def configuration_rows(loaded: Configuration) -> Iterator[Row]:
    """Say which file was read and everything that is wrong in it."""
    if loaded.path is None:
        advice = "name one with --config FILE, for example the file that your host has already"
        yield Row("configuration", "file", "no configuration was found", "warning", advice)
    elif all(problem.key for problem in loaded.problems):
        yield Row("configuration", "file", f"{loaded.path}: {_count(len(loaded.sources))}")
    for problem in loaded.problems:
        name = problem.key or "file"
        finding = f"{problem.file}: {problem.message}" if problem.file else problem.message
        yield Row("configuration", name, finding, "problem", problem.fix)


def folder_rows(settings: Settings) -> Iterator[Row]:
    """Say whether our folders can be written, and how much room there is."""
    yield _folder_row("data_dir", settings.data_dir)
    yield _folder_row("cache_dir", settings.cache_dir)
    if settings.models_dir is not None:  # may be meant to be read only, with models that were made elsewhere
        yield _folder_row("models_dir", settings.models_dir, "warning")


def _folder_row(name: str, folder: Path, otherwise: State = "problem") -> Row:
    """Return whether a folder, or the one that it will be made in, can be written."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except (OSError, ValueError, StopIteration) as error:
        why = getattr(error, "strerror", None) or str(error)
        advice = f"make it writable, or set another {name}; until then nothing new is kept in it"
        return Row("folders", name, f"{folder} cannot be written ({why})", otherwise, advice)
    finding = f"{folder}, {readable_size(free)} free"
    if free < _LITTLE:
        return Row("folders", name, finding, "warning", f"make room, or set another {name}")
    return Row("folders", name, finding)


def _count(sources: int) -> str:
    return "1 server or source" if sources == 1 else f"{sources} servers and sources"
