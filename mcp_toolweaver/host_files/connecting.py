"""Toolweaver in the place of a host's servers, and the servers in their place again."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.host_files.backups import Record, digest
from mcp_toolweaver.host_files.editing import Change, changed, servers_in
from mcp_toolweaver.host_files.hosts import BY_NAME, Host, syntax_of
from mcp_toolweaver.host_files.parsing import Unreadable, parsed
from mcp_toolweaver.host_files.reading import Found

OURS = "toolweaver"
"""What we are called in the files of hosts."""

_SECRET = re.compile(
    r"""(?i)^(?P<start>[+\- ].*?(?:token|key|secret|passw|auth|credential|cookie|bearer)[^:=]*["']?\s*[:=]\s*)"""
    r"""(?P<value>["']?(?!.*\$\{)[^\s{\[].*)$"""
)
_PASSWORD = re.compile(r"://[^/\s:@\"']*:[^/\s@\"']*@")
"""The name and password in a URL."""
_RANDOM = re.compile(r"""["'](?=[^"']*\d)(?=[^"']*[A-Za-z])[A-Za-z0-9_+=-]{16,}["']""")
"""Texts that look like keys, whatever they are called."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file, as it is and as it is to be."""

    host: Host
    file: Path
    before: str | None
    """None if there is no file."""
    after: str | None
    """None if there is to be no file."""
    removed: tuple[str, ...] = ()
    """The servers whose place we take."""
    kept: tuple[str, ...] = ()
    """Those that stay in the host."""
    was_edited: bool = False
    """Whether somebody else changed the file since we did, so that it is not simply what it was."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff, in which what may be a secret is masked."""
        before, after = ((text or "").splitlines() for text in (self.before, self.after))
        for line in difflib.unified_diff(before, after, str(self.file), str(self.file), lineterm=""):
            yield _masked(line)


def connected(host: Host, file: Path, text: str | None, command: Sequence[str], keep: Collection[str]) -> Edit:
    """Return the file with Toolweaver in place of its servers.

    Args:
        host: Whose file it is.
        file: Where it is.
        text: What is in it; None if there is none.
        command: What starts us.
        keep: Servers that are to stay. What we could not start or reach stays too.

    Raises:
        Unreadable: the file is not what it should be.
    """
    syntax = syntax_of(file, host)
    document, _doubles = parsed(text or "", syntax)
    entries = servers_in(document, host.section)
    kept = [name for name, entry in entries.items() if name in keep or not _is_replaced(host, name, entry)]
    removed = [name for name in entries if name not in kept and name != OURS]
    ours = host.dialect.ours(command[0], command[1:])
    after = changed(text or "", syntax, Change(host.section, removed, {OURS: ours}))
    if entries.get(OURS) == ours and not removed:
        after = text or ""
    return Edit(host, file, text, after, tuple(removed), tuple(name for name in kept if name != OURS))


def restored(record: Record, before: bytes, current: str | None) -> Edit:
    """Return the file as it was; where it was edited since, with the servers back and the edits kept.

    Raises:
        Unreadable: the file is not what it should be.
    """
    host, file = BY_NAME[record.host], Path(record.file)
    was = before.decode("utf-8") if record.existed else None
    if current is None or digest(current.encode()) == record.after:
        return Edit(host, file, current, was)
    syntax = syntax_of(file, host)
    then = servers_in(parsed(was or "", syntax)[0], host.section)
    now = servers_in(parsed(current, syntax)[0], host.section)
    back = {name: entry for name, entry in then.items() if name == OURS or name not in now}
    after = changed(current, syntax, Change(host.section, [OURS], back))
    return Edit(host, file, current, after, (OURS,), was_edited=True)


def _is_replaced(host: Host, name: str, entry: Any) -> bool:
    """Whether an entry is a server that we can have instead, or we ourselves under another name."""
    values = host.dialect.shared(dict(entry)) if is_object(entry) else None
    if values is None:
        return False
    found = Found(name, host, Path(), values)
    return name != OURS or not found.is_ours


def _masked(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return line
    line = _PASSWORD.sub("://***@", line)
    return _RANDOM.sub('"***"', _SECRET.sub(lambda found: f"{found['start']}***", line))


def read_text(file: Path) -> str | None:
    """Return the text of a host's file, with its line ends as they are; None if there is no file.

    Raises:
        Unreadable: it cannot be read.
    """
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start + 1}") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
