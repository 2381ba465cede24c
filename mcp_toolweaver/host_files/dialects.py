"""What each host writes of a server, in the words that most of them share (``mcpServers``), and our entry in its words.

Variables stay as they are written, in our syntax where the host's differs; nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]

_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_BRACES = re.compile(r"\{(env|file):([^{}]+)\}")
_SECRETS = re.compile(r"\$\{\{\s*(?:secrets|inputs)\.([A-Za-z0-9_./-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a host writes servers."""

    shared: Callable[[Entry], Entry | None]
    """Returns an entry in the shared words; None if it is nothing that we could start or reach."""
    ours: Callable[[str, Sequence[str]], Entry]
    """Returns the entry that starts a command with arguments."""


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _texts(item, change) for key, item in value.items()}
    return [_texts(item, change) for item in value] if isinstance(value, list) else value


def _renamed(entry: Entry, names: Mapping[str, str]) -> Entry:
    return {names.get(key, key): value for key, value in entry.items()}


def _plain(entry: Entry) -> Entry | None:
    return entry if {"command", "url", "serverUrl", "httpUrl"} & entry.keys() else None


def _plain_ours(command: str, args: Sequence[str]) -> Entry:
    return {"command": command, "args": list(args)}


def _vscode_ours(command: str, args: Sequence[str]) -> Entry:
    return {"type": "stdio", **_plain_ours(command, args)}


def _codex(entry: Entry) -> Entry | None:
    """Forward what ``env_vars`` names."""
    named = entry.get("env_vars")
    if not isinstance(named, list):
        return _plain(entry)
    rest = {key: value for key, value in entry.items() if key != "env_vars"}
    return _plain({**rest, "env": {**_given(named), **_table(entry.get("env"))}})


def _gemini(entry: Entry) -> Entry | None:
    """``url`` is SSE, ``$NAME`` a variable, ``timeout`` in milliseconds."""
    found = _texts({key: value for key, value in entry.items() if key != "timeout"}, _with_braces)
    return _plain({"type": "sse", **found} if "url" in found and "command" not in found else found)


def _goose(entry: Entry) -> Entry | None:
    """``cmd``, ``envs``, ``uri``; ``env_keys`` are in Goose's keyring, here in the environment."""
    if str(entry.get("type")).casefold() not in {"stdio", "sse", "streamable_http"}:
        return None
    kept = {key: value for key, value in entry.items() if key not in {"timeout", "env_keys", "envs", "name"}}
    found = _renamed(kept, {"cmd": "command", "uri": "url"})
    environment = {**_given(entry.get("env_keys")), **_table(entry.get("envs"))}
    return _plain({**found, "env": environment} if environment else found)


def _goose_ours(command: str, args: Sequence[str]) -> Entry:
    return {"enabled": True, "type": "stdio", "name": "toolweaver", "cmd": command, "args": list(args), "timeout": 300}


def _opencode(entry: Entry) -> Entry | None:
    """``command`` is a list, ``environment`` the environment, ``{env:NAME}`` a variable."""
    found = _renamed(_texts(entry, _dollars), {"environment": "env"})
    found.pop("type", None)
    found.pop("timeout", None)
    command = found.get("command")
    if isinstance(command, list) and command:
        found |= {"command": command[0], "args": command[1:]}
    return _plain(found)


def _opencode_ours(command: str, args: Sequence[str]) -> Entry:
    return {"type": "local", "command": [command, *args], "enabled": True}


def _zed(entry: Entry) -> Entry | None:
    """``command`` may be an object of its own; an extension's server has none."""
    found = {key: value for key, value in entry.items() if key not in {"source", "settings"}}
    command = found.get("command")
    if isinstance(command, Mapping):
        found |= {key: value for key, value in command.items() if key in {"args", "env"}}
        found["command"] = command.get("path")
    return _plain({key: value for key, value in found.items() if value is not None})


def _zed_ours(command: str, args: Sequence[str]) -> Entry:
    return {"source": "custom", **_plain_ours(command, args), "env": {}}


def _continue(entry: Entry) -> Entry | None:
    """``requestOptions.headers``, and secrets of its hub, here in the environment."""
    found = _texts({key: value for key, value in entry.items() if key != "requestOptions"}, _unwrapped)
    options = _table(entry.get("requestOptions"))
    if headers := _table(options.get("headers")):
        found["headers"] = _texts(headers, _unwrapped)
    return _plain(found)


def _continue_ours(command: str, args: Sequence[str]) -> Entry:
    return {"name": "toolweaver", **_plain_ours(command, args)}


def _with_braces(text: str) -> str:
    return _DOLLAR.sub(r"${\1}", text)


def _dollars(text: str) -> str:
    return _BRACES.sub(lambda found: f"${{{found[2]}}}" if found[1] == "env" else f"${{file:{found[2]}}}", text)


def _unwrapped(text: str) -> str:
    return _SECRETS.sub(lambda found: f"${{{re.sub(r'[^A-Za-z0-9_]', '_', found[1])}}}", text)


def _given(names: Any) -> Entry:
    """Return an environment that takes variables of these names from ours."""
    return {name: f"${{{name}}}" for name in names if isinstance(name, str)} if isinstance(names, list) else {}


def _table(value: Any) -> Entry:
    return dict(value) if isinstance(value, Mapping) else {}


PLAIN = Dialect(_plain, _plain_ours)
VSCODE = Dialect(_plain, _vscode_ours)
CODEX = Dialect(_codex, _plain_ours)
GEMINI = Dialect(_gemini, _plain_ours)
GOOSE = Dialect(_goose, _goose_ours)
OPENCODE = Dialect(_opencode, _opencode_ours)
ZED = Dialect(_zed, _zed_ours)
CONTINUE = Dialect(_continue, _continue_ours)
