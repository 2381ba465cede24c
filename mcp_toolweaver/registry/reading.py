"""The entries of a registry: of one that answers at a URL, or of files that were downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.registry.documents import Raw, entries_in_text
from mcp_toolweaver.registry.entry import Entry, NotAnEntry, entry_of

PART = "the registry"
_LARGEST = 32 * 1024 * 1024
"""Bytes of a file."""
_FILES = 10_000


@dataclass(slots=True)
class Found:
    """What was read."""

    entries: list[Entry] = field(default_factory=list[Entry])
    problems: list[str] = field(default_factory=list[str])
    """A sentence for each thing that was left out."""


def read_entries(source: str, searches: Sequence[str] = ()) -> Found:
    """Return the entries of a source, and what was left out.

    Args:
        source: The address of a registry or of a document, a file, or a folder of files.
        searches: Parts of names that a registry is asked for, one after the other; without any, for all it has.

    Raises:
        Unavailable: the source cannot be read, or is no registry.
    """
    found = Found()
    for where, each in _raw(source, searches, found.problems):
        try:
            found.entries.append(entry_of(each))
        except NotAnEntry as problem:
            found.problems.append(f"{where}: left out: {problem}")
    return found


def is_address(source: str) -> bool:
    """Whether a source is one that is asked over the network."""
    return source.startswith(("http://", "https://"))


def shown(source: str) -> str:
    """Return a source without the password that an address may have."""
    before, separator, rest = source.partition("://")
    netloc, slash, path = rest.partition("/")
    return f"{before}{separator}{netloc.rpartition('@')[2]}{slash}{path}" if separator else source


def _raw(source: str, searches: Sequence[str], problems: list[str]) -> Iterable[Raw]:
    if not is_address(source):
        if urlsplit(source).scheme and "://" in source:
            raise Unavailable(
                PART, f"{shown(source)!r} is neither an http address nor a file; name another with --source"
            )
        return _in_files(Path(source).expanduser(), problems)
    from mcp_toolweaver.registry.asking import asked  # noqa: PLC0415  files are read without a client

    return iter(asked(source, searches, problems))


def _in_files(path: Path, problems: list[str]) -> Iterator[Raw]:
    """Yield what is in a file, or in each of a folder, where one that cannot be read is left out."""
    if not path.is_dir():
        yield from _in_file(path)
        return
    files = sorted(file for ending in ("json", "jsonl") for file in path.rglob(f"*.{ending}") if file.is_file())
    if not files:
        raise Unavailable(PART, f"{path} holds no .json or .jsonl file")
    if len(files) > _FILES:
        problems.append(f"{path}: has {len(files):,} files, of which {_FILES:,} were read")
    for file in files[:_FILES]:
        try:
            yield from _in_file(file)
        except Unavailable as unreadable:
            problems.append(f"left out: {unreadable.reason}")


def _in_file(file: Path) -> Iterator[Raw]:
    try:
        if file.stat().st_size > _LARGEST:
            raise Unavailable(PART, f"{file} is larger than 32 MB")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Unavailable(
            PART, f"{file} cannot be read ({why}); name an address, a file or a folder with --source"
        ) from error
    try:
        yield from entries_in_text(text, str(file))
    except ValueError as error:
        raise Unavailable(PART, f"{file} {error}") from error
