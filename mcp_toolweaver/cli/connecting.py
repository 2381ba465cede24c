"""``toolweaver connect`` and ``toolweaver disconnect``: ourselves in a host's file, and out of it again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape
from rich.prompt import Confirm

from mcp_toolweaver.cli import importing
from mcp_toolweaver.cli.configuring import default_configuration
from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.config import load
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.host_files.backups import Backups, Record, digest
from mcp_toolweaver.host_files.connecting import Edit, connected, read_text, restored
from mcp_toolweaver.host_files.hosts import BY_NAME, Host
from mcp_toolweaver.host_files.parsing import Unreadable
from mcp_toolweaver.host_files.writing import write_whole

_REFUSED = 1
_WRONG = 2


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which file is to be changed, and how."""

    host: str
    file: Path | None = None
    """A file of that host; its own, if there is none."""
    config: Path | None = None
    """Our configuration, which is to have the servers."""
    keep: Sequence[str] = ()
    """Servers that stay in the host."""
    project: Path | None = None
    """A project whose file is meant."""
    yes: bool = False
    """Not to be asked."""
    dry_run: bool = False
    as_json: bool = field(default=False)


def connect(wishes: Wishes) -> int:
    """Put us in the place of a host's servers; return the exit status (1: not wanted, 2: it cannot be done)."""
    try:
        host, file = _place(wishes)
        config = (wishes.config or default_configuration()).absolute()
        text = read_text(file)
        imported = _imported(host, file, config, wishes.keep) if text is not None else None
        edit = connected(host, file, text, [*_command(), "serve", "--config", str(config)], wishes.keep)
        return _carried_out(wishes, edit, imported)
    except (ConfigurationError, Unreadable, OSError) as error:
        return _failed(wishes, error)


def disconnect(wishes: Wishes) -> int:
    """Put a host's servers back; return the exit status (1: not wanted, 2: it cannot be done)."""
    try:
        _host, file = _place(wishes)
        backups = _backups(wishes.config)
        return _carried_out(wishes, restored(*_kept(backups, file), read_text(file)), None, backups)
    except (ConfigurationError, Unreadable, OSError) as error:
        return _failed(wishes, error)


def _place(wishes: Wishes) -> tuple[Host, Path]:
    host = BY_NAME.get(wishes.host.casefold())
    if host is None:
        raise ConfigurationError(f"there is no host {wishes.host!r}; hosts: {', '.join(BY_NAME)}")
    if wishes.file is not None:
        return host, wishes.file.expanduser().absolute()
    machine = importing.this_machine(wishes.project or Path.cwd())
    places = machine.user_files(host) if wishes.project is None else machine.project_files(host)
    if not places:
        raise ConfigurationError(f"{host.title} has no file of a project; leave --project out, or name a --file")
    return host, next((path for path in places if path.is_file()), places[0])


def _kept(backups: Backups, file: Path) -> tuple[Record, bytes]:
    kept = backups.of(file)
    if kept is None:
        raise ConfigurationError(f"{file} was not changed by `toolweaver connect`, so there is nothing to undo")
    return kept


def _imported(host: Host, file: Path, config: Path, keep: Sequence[str]) -> importing.Import:
    """Return what our configuration lacks of a host's servers, but for those that stay there."""
    wishes = importing.Wishes([f"{host.name}={file}"], config, without=keep)
    planned = importing.plan(wishes, importing.this_machine(wishes.project))
    [reading] = planned.readings
    if reading.problems:
        raise Unreadable(f"{file}: {reading.problems[0]}")
    return planned


def _command() -> list[str]:
    """Return what starts us, wherever the host is started."""
    program = Path(sys.argv[0])
    if program.stem in {"toolweaver", "mcp-toolweaver"} and program.is_file():
        return [str(program.absolute())]
    return [sys.executable, "-m", "mcp_toolweaver"]


def _backups(config: Path | None) -> Backups:
    path = config or default_configuration()
    return Backups(load(path if path.exists() else None).settings.data_dir)


def _carried_out(
    wishes: Wishes, edit: Edit, imported: importing.Import | None, restoring: Backups | None = None
) -> int:
    """Show what is to be done, ask, and do it."""
    is_changed = edit.is_needed or (imported is not None and imported.is_changed)
    if not wishes.as_json:
        _show(edit, imported)
    if not is_changed or wishes.dry_run or not (wishes.yes or _agreed(wishes)):
        _tell(wishes, edit, imported, is_done=False)
        return 0 if not is_changed or wishes.dry_run else _REFUSED
    if imported is not None and imported.is_changed:
        write_whole(imported.target, imported.text.encode())
    if edit.is_needed:
        _write(wishes, edit, restoring)
    _tell(wishes, edit, imported, is_done=True)
    return 0


def _write(wishes: Wishes, edit: Edit, restoring: Backups | None) -> None:
    """Write a host's file, once what it was is kept."""
    if restoring is None:
        before = None if edit.before is None else edit.before.encode()
        backups = _backups(wishes.config)
        first = backups.of(edit.file)
        if first is not None and edit.before is not None and first[0].after == digest(edit.before.encode()):
            before = first[1] if first[0].existed else None  # what it was before the first time
        backups.keep(edit.host.name, edit.file, before, (edit.after or "").encode())
    if edit.after is None:
        edit.file.unlink(missing_ok=True)
    else:
        write_whole(edit.file, edit.after.encode())
    if restoring is not None:
        restoring.forget(edit.file)


def _agreed(wishes: Wishes) -> bool:
    if wishes.as_json or not sys.stdin.isatty():
        raise ConfigurationError("nobody is here to be asked; say --yes to change the file, or --dry-run to only see")
    return Confirm.ask("change it?", console=out, default=False)


def _show(edit: Edit, imported: importing.Import | None) -> None:
    if imported is not None and imported.servers:
        names = ", ".join(server.name for server in imported.servers)
        out.print(f"to be added to {escape(str(imported.target))}: {escape(names)}", soft_wrap=True, highlight=False)
    if edit.kept:
        out.print(f"stays in {edit.host.title}: {escape(', '.join(edit.kept))}", soft_wrap=True, highlight=False)
    if edit.was_edited:
        out.print("the file was edited since; the edits stay, and only the servers are put back", soft_wrap=True)
    for line in edit.diff():
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "default")
        out.print(f"[{style}]{escape(line)}[/]", soft_wrap=True, highlight=False)


def _tell(wishes: Wishes, edit: Edit, imported: importing.Import | None, *, is_done: bool) -> None:
    if wishes.as_json:
        print_json(
            {
                "host": edit.host.name,
                "file": str(edit.file),
                "changed": is_done and edit.is_needed,
                "removed": list(edit.removed),
                "kept": list(edit.kept),
                "edited_since": edit.was_edited,
                "imported": [] if imported is None else [server.name for server in imported.servers],
                "diff": list(edit.diff()),
            }
        )
    elif is_done:
        out.print(f"done; start {edit.host.title} anew", soft_wrap=True, highlight=False)
    else:
        out.print("nothing was changed", soft_wrap=True)


def _failed(wishes: Wishes, error: Exception) -> int:
    where = f"{wishes.file}: " if isinstance(error, Unreadable) and wishes.file else ""
    sys.stderr.write(f"toolweaver: {where}{error}; nothing was changed\n")
    return _WRONG
