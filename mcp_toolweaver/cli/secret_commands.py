"""``toolweaver secret set``, ``secret list`` and ``secret remove``."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError, Unavailable
from mcp_toolweaver.secrets.keyring import NO_KEYRING, SystemKeyring, system_keyring
from mcp_toolweaver.secrets.names import SecretNames

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_SERVICE = re.compile(r"[A-Za-z0-9][\w.:@/-]{0,199}", re.ASCII)
_LONGEST = 64 * 1024


def run_set(config: Path | None, service: str, name: str, *, as_json: bool) -> int:
    """Keep a secret in the keyring; return the exit status (1: the keyring does not take it, 2: wrong usage)."""

    def keep(keyring: SystemKeyring, names: SecretNames) -> None:
        _check(service, name)
        keyring.set(service, name, _asked_for(name))
        names.add(service, name)
        reference = _reference(service, name)
        if as_json:
            print_json({"service": service, "name": name, "reference": reference})
        sys.stderr.write(f"toolweaver: kept; write {reference} in the configuration where the secret belongs.\n")

    return _run(config, keep)


def run_list(config: Path | None, *, as_json: bool) -> int:
    """Print the names of the secrets; return the exit status (1: the keyring cannot be asked)."""

    def show(keyring: SystemKeyring, names: SecretNames) -> None:
        rows = [(service, name, keyring.get(service, name) is not None) for service, name in names.all()]
        if as_json:
            told = [{"service": s, "name": n, "reference": _reference(s, n), "is_there": t} for s, n, t in rows]
            print_json({"secrets": told})
            return
        table = Table("reference", "in the keyring")
        for service, name, is_there in rows:
            table.add_row(escape(_reference(service, name)), "yes" if is_there else "not any more")
        out.print(table if rows else "no secret was set; `toolweaver secret set NAME` keeps one")

    return _run(config, show)


def run_remove(config: Path | None, service: str, name: str, *, as_json: bool) -> int:
    """Remove a secret; return the exit status (1: the keyring does not do it, 2: there is none)."""

    def remove(keyring: SystemKeyring, names: SecretNames) -> None:
        was_there = keyring.remove(service, name)
        names.remove(service, name)
        if not was_there:
            raise InvalidRequest(f"the keyring has no secret {name!r} of {service!r}")
        if as_json:
            print_json({"removed": _reference(service, name)})
        sys.stderr.write(f"toolweaver: removed; {_reference(service, name)} means nothing any more.\n")

    return _run(config, remove)


def _asked_for(name: str) -> str:
    """Return the secret, which never stands in a command line.

    Raises:
        InvalidRequest: nothing was given, or far too much.
    """
    if sys.stdin.isatty():
        value = getpass.getpass(f"{name} (not shown): ")
    else:
        value = sys.stdin.read(_LONGEST + 1).removesuffix("\n").removesuffix("\r")
    if not value or len(value) > _LONGEST:
        raise InvalidRequest("the secret is empty" if not value else "the secret has more than 64 KB")
    return value


def _check(service: str, name: str) -> None:
    if not _NAME.fullmatch(name) or not _SERVICE.fullmatch(service):
        wrong = service if _NAME.fullmatch(name) else name
        raise InvalidRequest(
            f"{wrong!r} cannot be the name of a secret; use at most 64 letters, digits, dots, dashes and underscores, "
            "the first a letter or digit"
        )


def _reference(service: str, name: str) -> str:
    return f"${{keyring:{service}/{name}}}"


def _run(config: Path | None, command: Callable[[SystemKeyring, SecretNames], None]) -> int:
    folder = configuration(config, log_level="warning", is_needed=False).settings.data_dir
    try:
        keyring = system_keyring()
        if keyring is None:
            raise Unavailable("the keyring", NO_KEYRING)
        command(keyring, SecretNames(folder))
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 1 if isinstance(error, Unavailable) else 2
    except OSError as error:
        sys.stderr.write(
            f"toolweaver: the names of the secrets cannot be kept in {folder} ({error.strerror or error})\n"
        )
        return 1
    return 0
