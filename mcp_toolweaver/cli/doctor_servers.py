"""The doctor on the servers and other sources: each is started, listed and timed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.config import SERVER_KIND, Configuration, SourceSpec
from mcp_toolweaver.core.status import SourceState, SourceStatus

_PROGRAMS = {
    "npx": "install Node.js, which brings npx",
    "node": "install Node.js",
    "uvx": "install uv, which brings uvx",
    "uv": "install uv",
    "docker": "install Docker, or another engine that has its commands",
    "bunx": "install Bun, which brings bunx",
    "deno": "install Deno",
}
_NOT_FOUND = "was not found"
_SLOW = 10.0
"""Seconds, once its turn has come; hosts wait for a first answer about as long."""


def server_rows(loaded: Configuration, statuses: Mapping[str, SourceStatus]) -> Iterator[Row]:
    """Say how each source did when it was opened; those that are wrong in the configuration are told of there."""
    for source in loaded.sources:
        status = statuses.get(source.name)
        if source.invalid is None and status is not None:
            yield _row(source, status)


def not_started_rows(loaded: Configuration) -> Iterator[Row]:
    """Say what each source is, where none is to be started."""
    for source in loaded.sources:
        if source.invalid is None:
            yield Row("servers", source.name, f"not started; {_described(source)}")


def _row(source: SourceSpec, status: SourceStatus) -> Row:
    name, described = source.name, _described(source)
    if status.state is SourceState.FAILED:
        finding = f"{_took(status)}{status.reason}; {described}"
        return Row("servers", name, finding, "problem", _advice(source, status))
    if status.state is SourceState.CONNECTING:
        return Row("servers", name, f"did not answer; {described}", "problem", _see_log(name))
    finding = f"{status.tools} tools{_timed(status)}; {described}"
    if status.problems:
        count = len(status.problems)
        noted = f"{finding}; {count} of its tools left out or mended, such as: {status.problems[0]}"
        return Row("servers", name, noted, "warning", f"`toolweaver list {name} --problems` shows them")
    if status.seconds is not None and status.seconds > _SLOW:
        return Row("servers", name, finding, "warning", "it starts slowly: see whether it downloads itself each time")
    return Row("servers", name, finding)


def _described(source: SourceSpec) -> str:
    """Return how it is reached; arguments, values and passwords may be secrets, so that only names are told."""
    if source.kind != SERVER_KIND:
        return f"a {source.kind}"
    options = source.options
    if options["transport"] == "stdio":
        count = len(options["args"])
        arguments = f" with {count} argument{'' if count == 1 else 's'}" if count else ""
        return f"{options['command']}{arguments}{_names('environment', options['env'])}"
    parts = urlsplit(options["url"])
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{place} over {options['transport']}{_names('headers', options['headers'])}"


def _names(label: str, table: Mapping[str, Any]) -> str:
    return f" ({label}: {', '.join(table)})" if table else ""


def _timed(status: SourceStatus) -> str:
    timing = status.timing
    if timing is None:
        return ""
    return f" after {timing.seconds:.1f} s (connecting {timing.connecting:.1f}, listing {timing.listing:.1f})"


def _took(status: SourceStatus) -> str:
    return "" if status.timing is None else f"failed after {status.timing.seconds:.1f} s: "


def _advice(source: SourceSpec, status: SourceStatus) -> str:
    if status.needs_login:
        return f"`toolweaver login {source.name}`, or give it a token in its headers"
    program = PurePath(str(source.options.get("command", ""))).name
    if _NOT_FOUND in status.reason and program in _PROGRAMS:
        return f"{_PROGRAMS[program]}; if it is installed, write its whole path as the command"
    if _NOT_FOUND in status.reason:
        return "install it, or write its whole path as the command"
    if source.kind != SERVER_KIND:
        return "correct what it says, then see `toolweaver list`"
    return _see_log(source.name)


def _see_log(name: str) -> str:
    return f"`toolweaver logs {name}` has what it wrote; then try `toolweaver list {name}`"
