"""``toolweaver logs``: the log of one server."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.proxy.log_file import LOGS, log_path, logged_servers, older
from mcp_toolweaver.proxy.server_log import EVENT

_LOOK = 0.2
"""Seconds between looks at a log that is followed."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be printed."""

    server: str
    lines: int = 50
    """The last so many."""
    follow: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    time: str
    """In UTC."""
    kind: str
    """``stderr`` is what the server wrote; ``event`` is what happened to it."""
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    number: int | None = None
    """Of the file, which keeps it under another name."""
    end: int = 0
    """How much of it has been read."""


def run(config: Path | None, wishes: Wishes) -> int:
    """Print the end of a server's log; return the exit status (1: it has none yet, 2: there is no such server)."""
    loaded = configuration(config, log_level="warning")
    folder = loaded.settings.data_dir / LOGS
    path = _path(folder, wishes.server)
    is_there = path.exists() or older(path).exists()
    if not is_there and wishes.server not in {source.name for source in loaded.sources}:
        logged = ", ".join(logged_servers(folder)) or "none"
        sys.stderr.write(f"toolweaver: there is no server {wishes.server!r}; servers that have logs: {logged}\n")
        return 2
    if not is_there:
        sys.stderr.write(f"toolweaver: server {wishes.server!r} has no log yet; it gets one when it is started\n")
        if not wishes.follow:
            return 1
    last, place = _last(path, wishes.lines)
    if wishes.as_json and not wishes.follow:
        print_json({"server": wishes.server, "file": str(path), "lines": [asdict(_read(line)) for line in last]})
        return 0
    _print(last, as_json=wishes.as_json)
    if wishes.follow:
        with suppress(KeyboardInterrupt):
            for lines in _following(path, place):
                _print(lines, as_json=wishes.as_json)
    return 0


def _path(folder: Path, server: str) -> Path:
    """Return the log of a server, which may be named as its file is."""
    as_named = folder / f"{server}.log"
    return as_named if server in logged_servers(folder) else log_path(folder, server)


def _last(path: Path, count: int) -> tuple[list[str], _Place]:
    """Return the last lines of both files, and how far the newer one has been read."""
    place, text = _more(path, _Place())
    lines = [*_more(older(path), _Place())[1].splitlines(), *text.splitlines()]
    return [line.decode(errors="replace") for line in lines[-count:] if count], place


def _following(path: Path, place: _Place) -> Iterator[list[str]]:
    """Yield what is added, for ever; also when the log becomes the older one meanwhile."""
    rest = b""
    while True:
        now, new = _more(path, place)
        if place.number not in {None, now.number}:
            moved, missed = _more(older(path), place)
            new = (missed if moved.number == place.number else b"") + new
        place = now
        *whole, rest = (rest + new).split(b"\n")
        if whole:
            yield [line.decode(errors="replace") for line in whole]
        time.sleep(_LOOK)


def _more(path: Path, place: _Place) -> tuple[_Place, bytes]:
    """Return what a file has after a place, or all of it if the place is in another file."""
    try:
        with path.open("rb") as file:
            number = os.fstat(file.fileno()).st_ino
            start = place.end if number == place.number else 0
            file.seek(start)
            data = file.read()
    except OSError:
        return place, b""
    return _Place(number, start + len(data)), data


def _print(lines: Iterable[str], *, as_json: bool) -> None:
    for line in lines:
        print(json.dumps(asdict(_read(line)), ensure_ascii=False) if as_json else scrub(line), flush=True)  # noqa: T201


def _read(line: str) -> _Line:
    moment, _space, rest = line.partition(" ")
    sign, _space, text = rest.partition(" ")
    return _Line(moment, "event" if sign == EVENT else "stderr", scrub(text))
