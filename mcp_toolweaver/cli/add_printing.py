"""What is shown before a server is added or removed: the very command, its variables, and the change of the file."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from mcp_toolweaver.cli.config_edit import Edit, secrets_in
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.cli.registry_commands import command_of
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.registry.entry import Entry
from mcp_toolweaver.registry.launching import Launch

_MASK = "***"
_SHORT = 4
"""Shorter values are no secrets, and masking them would garble what is shown."""


def masked(given: Mapping[str, str]) -> dict[str, str]:
    """Return what the owner gave as it is shown: it may be secret, and people look over shoulders."""
    return {name: _MASK if _is_secret(value) else value for name, value in given.items()}


def print_launch(name: str, entry: Entry, launch: Launch, shown: Mapping[str, Any]) -> None:
    """Print what would be run, and with what; nothing of it is run now."""
    mark = f" [yellow]({escape(entry.status)})[/]" if entry.status != "active" else ""
    _line(f"[bold]{escape(name)}[/] is {escape(f'{entry.name} {entry.version}')}{mark}, started as:")
    _line(f"    {escape(command_of(shown))}")
    for key in ("env", "headers"):
        for variable, value in shown.get(key, {}).items():
            _line(f"    {escape(f'{variable}={value}')}")
    for risk in launch.risks:
        _line(f"    [red]risk:[/] {escape(risk)}")


def print_diff(edit: Edit) -> None:
    """Print the change of the file, line by line, but not the secrets that are there already."""
    secrets = {form for each in secrets_in(edit.before, edit.target) if _is_secret(each) for form in _forms(each)}
    before, after = edit.before.splitlines(), edit.shown.splitlines()
    for line in difflib.unified_diff(before, after, str(edit.target), str(edit.target), lineterm="", n=0):
        for secret in sorted(secrets, key=len, reverse=True):
            line = line.replace(secret, _MASK)  # noqa: PLW2901
        _line(escape(scrub(line)))


def print_outcome(edit: Edit, launch: Launch, *, is_done: bool) -> None:
    """Print what was done, and what is to be done before the server is started."""
    if not is_done:
        out.print("nothing was changed")
        return
    _line(f"written to {escape(str(edit.target))}")
    for need in launch.needs:
        secret = " (secret)" if need.isSecret else ""
        told = " ".join(need.description.split())
        wanted = (
            f"  {need.name}{secret} is set here already"
            if need.name in os.environ
            else f"  export {need.name}=...{secret}"
        )
        _line(escape(f"{wanted}{f': {told}' if told else ''}"))
    out.print("next: `toolweaver list` starts it")


def _is_secret(value: str) -> bool:
    return len(value) >= _SHORT and "${" not in value


def _forms(secret: str) -> tuple[str, str]:
    """Return a secret as it is, and as it stands in a text with escapes."""
    return secret, json.dumps(secret, ensure_ascii=False)[1:-1]


def _line(text: str) -> None:
    out.print(text, soft_wrap=True, highlight=False)
