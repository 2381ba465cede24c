"""What each host writes of a server, in the words that most of them share (``mcpServers``), and our entry in its words.

Variables stay as they are written, in our syntax where the host's differs; nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]

_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_ANY_DOLLAR = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_INPUT = re.compile(r"\$\{input:([^{}]+)\}")
_BRACES = re.compile(r"\{(env|file):([^{}]+)\}")
_SECRETS = re.compile(r"\$\{\{\s*(?:secrets|inputs)\.([A-Za-z0-9_./-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a host writes servers."""

    shared: Callable[[Entry], Entry | None]
    """Returns an entry in the shared words; None if it is nothing that we could start or reach."""
    ours: Callable[[str, Sequence[str]], Entry]
    """Returns the entry that starts a command with arguments."""
    handed_on: Callable[[Iterable[Entry]], Entry] = lambda _entries: {}
    """Returns what our entry has besides, so that the host hands on to us what it alone knows of these servers."""


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


def _codex_hands_on(entries: Iterable[Entry]) -> Entry:
    """Codex gives servers only those variables that it is told to."""
    names: list[str] = []
    for entry in entries:
        named = entry.get("env_vars")
        names += [name for name in (named if isinstance(named, list) else []) if isinstance(name, str)]
        names += [entry["bearer_token_env_var"]] if isinstance(entry.get("bearer_token_env_var"), str) else []
        names += [name for name in _table(entry.get("env_http_headers")).values() if isinstance(name, str)]
    return {"env_vars": list(dict.fromkeys(names))} if names else {}


def _goose_hands_on(entries: Iterable[Entry]) -> Entry:
    """``env_keys`` are in Goose's own keyring."""
    lists = [entry.get("env_keys") for entry in entries]
    names = [name for each in lists if isinstance(each, list) for name in each if isinstance(name, str)]
    return {"env_keys": list(dict.fromkeys(names))} if names else {}


def _vscode_hands_on(entries: Iterable[Entry]) -> Entry:
    """VS Code asks its user for ``${input:id}``, which we read from the variable ID."""
    asked = dict.fromkeys(found[1] for text in _all_texts(list(entries)) for found in _INPUT.finditer(text))
    return _in_env({re.sub(r"[^A-Za-z0-9]", "_", each).upper(): f"${{input:{each}}}" for each in asked})


def _gemini_hands_on(entries: Iterable[Entry]) -> Entry:
    names = dict.fromkeys(found[1] for text in _all_texts(list(entries)) for found in _ANY_DOLLAR.finditer(text))
    return _in_env({name: f"${name}" for name in names})


def _continue_hands_on(entries: Iterable[Entry]) -> Entry:
    found = {
        _unwrapped(each[0])[2:-1]: each[0] for text in _all_texts(list(entries)) for each in _SECRETS.finditer(text)
    }
    return _in_env(found)


def _in_env(variables: Entry) -> Entry:
    return {"env": variables} if variables else {}


def _all_texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _all_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _all_texts(item)


PLAIN = Dialect(_plain, _plain_ours)
VSCODE = Dialect(_plain, _vscode_ours, _vscode_hands_on)
CODEX = Dialect(_codex, _plain_ours, _codex_hands_on)
GEMINI = Dialect(_gemini, _plain_ours, _gemini_hands_on)
GOOSE = Dialect(_goose, _goose_ours, _goose_hands_on)
OPENCODE = Dialect(_opencode, _opencode_ours)
ZED = Dialect(_zed, _zed_ours)
CONTINUE = Dialect(_continue, _continue_ours, _continue_hands_on)
