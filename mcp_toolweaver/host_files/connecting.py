"""Toolweaver in the place of a host's servers, and the servers in their place again."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files.backups import Record, digest
from mcp_toolweaver.host_files.editing import Change, blocks_in, changed, servers_in
from mcp_toolweaver.host_files.hosts import BY_NAME, Host, syntax_of
from mcp_toolweaver.host_files.masking import masked, secrets_in
from mcp_toolweaver.host_files.parsing import Unreadable, parsed
from mcp_toolweaver.host_files.reading import Found

OURS = "toolweaver"
"""What we are called in the files of hosts."""
_HANDED = ("env", "env_vars", "env_keys")


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
        lines = difflib.unified_diff(before, after, str(self.file), str(self.file), lineterm="")
        yield from masked("\n".join(lines), self._secrets()).splitlines()

    def _secrets(self) -> Iterator[str]:
        for text in (self.before, self.after):
            document, _doubles = parsed(text or "", syntax_of(self.file, self.host))
            yield from secrets_in(servers_in(document, self.host.section).values())


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
    handed = host.dialect.handed_on(entries[name] for name in removed if is_object(entries[name]))
    ours = _joined(host.dialect.ours(command[0], command[1:]), entries.get(OURS), handed)
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
    blocks = blocks_in(was or "", syntax, host.section)
    back = {name: blocks[name] for name in then if name in blocks and (name == OURS or name not in now)}
    after = changed(current, syntax, Change(host.section, [OURS], {}, back))
    return Edit(host, file, current, after, (OURS,), was_edited=True)


def _joined(ours: dict[str, Any], before: Any, handed: Mapping[str, Any]) -> dict[str, Any]:
    """Return our entry with what the host hands on to us, also what it did before for servers that are here by now."""
    earlier = {key: before[key] for key in _HANDED if key in before} if is_object(before) else {}
    for given in (earlier, handed):
        for key, value in given.items():
            there = ours.get(key)
            if is_object(value):
                ours[key] = {**(there if is_object(there) else {}), **value}
            elif is_array(value):
                ours[key] = list(dict.fromkeys([*(there if is_array(there) else []), *value]))
    return ours


def _is_replaced(host: Host, name: str, entry: Any) -> bool:
    """Whether an entry is a server that we can have instead, or we ourselves under another name."""
    values = host.dialect.shared(dict(entry)) if is_object(entry) else None
    if values is None:
        return False
    found = Found(name, host, Path(), values)
    return name != OURS or not found.is_ours


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
