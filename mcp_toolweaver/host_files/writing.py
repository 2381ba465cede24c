"""Puts servers into our own configuration: what is there stays as it is written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from mcp_toolweaver.host_files.merging import Merged
from mcp_toolweaver.host_files.parsing import Unreadable
from mcp_toolweaver.host_files.syntax.block import Malformed
from mcp_toolweaver.host_files.syntax.json_syntax import JsonSyntax

_SECTION = "mcpServers"
_PRIVATE = 0o600


def with_servers(text: str, servers: Sequence[Merged], *, is_toml: bool) -> str:
    """Return the text of a configuration with more servers.

    Raises:
        Unreadable: the text is not what it should be.
    """
    try:
        return _in_toml(text, servers) if is_toml else _in_json(text, servers)
    except (TOMLKitError, Malformed, ValueError) as error:
        raise Unreadable(str(error)) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all: what it is linked to, with the mode it has, or for its owner alone.

    Raises:
        OSError: it cannot be written; it is as it was.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else _PRIVATE
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def _in_toml(text: str, servers: Sequence[Merged]) -> str:
    document = tomlkit.parse(text)
    section = document.get(_SECTION)
    if section is None:
        section = document[_SECTION] = tomlkit.table(is_super_table=True)
        section = document[_SECTION]
    for server in servers:
        section[server.name] = _table(server)
    return tomlkit.dumps(document)


def _table(server: Merged) -> Table:
    table = tomlkit.table()
    first = server.found[0]
    table.add(tomlkit.comment(f"from {first.host.title}: {first.file}"))
    for key, value in server.values.items():
        if value is not None:
            table.add(key, _inline(value))
    return table


def _inline(value: Any) -> Any:
    """Return a value for one line of TOML, which has no null."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, item in value.items():
            if item is not None:
                table.append(key, _inline(item))
        return table
    if isinstance(value, list):
        return [_inline(item) for item in value if item is not None]
    return value


def _in_json(text: str, servers: Sequence[Merged]) -> str:
    whole, way = text if text.strip() else "{\n}\n", JsonSyntax()
    for server in servers:
        block = way.block(whole, (_SECTION,), server.name, json.loads(json.dumps(dict(server.values))))
        whole = way.exchanged(whole, (_SECTION,), (), {server.name: block})
    return whole
