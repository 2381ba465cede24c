"""Why a tool that somebody expects is not there to be found: the first reason of all that could be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import AmbiguousTool, NotPermitted, UnknownTool
from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.text.closeness import resembling
from mcp_toolweaver.text.resolve import resolve

_LEAST_SIMILARITY = 75.0
_SEPARATORS = ("::", "__", "/", ".", ":")


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a tool is not there, and what to do about it."""

    reason: str
    """``outside_profile``, ``not_permitted``, ``filtered``, ``left_out``, ``needs_login``, ``server_offline``,
    ``not_configured``, ``ambiguous`` or ``unknown``."""
    message: str
    next: str


@dataclass(frozen=True, slots=True)
class Expected:
    """A tool that somebody expects, and where they look for it."""

    name: str
    loaded: Configuration
    whole: CatalogView
    """Everything there is."""
    seen: CatalogView
    """What is there within the profile."""
    departed: Callable[[str], str | None]
    """Says what happened to a tool that was seen; raises `NotPermitted` where it may not be called."""
    domain: str | None = None
    kind: str | None = None


def find(expected: Expected) -> Tool | Absence:
    """Return the tool, if a search can find it; else why it cannot."""
    try:
        tool = resolve(expected.whole.snapshot, expected.name)
    except AmbiguousTool as error:
        return Absence("ambiguous", str(error), "Name one of them.")
    except UnknownTool as error:
        return _unknown(expected, error)
    return next(_hidden(expected, tool), tool)


def _hidden(expected: Expected, tool: Tool) -> Iterator[Absence]:
    """Yield why a tool of the catalog is not found by this search."""
    name = tool.callable_name
    if tool.id not in expected.seen.snapshot.tools:
        yield _outside(expected, name)
    if expected.domain and expected.domain.casefold() not in {tool.domain.casefold(), tool.id.server.casefold()}:
        message = f"{name} is of the domain {tool.domain} and the server {tool.id.server}, not {expected.domain}."
        yield Absence("filtered", message, "Search without --domain, or with one of these.")
    if expected.kind and expected.kind.casefold() != tool.kind.casefold():
        yield Absence("filtered", f"{name} is of the kind {tool.kind}, not {expected.kind}.", "Search without --kind.")


def _outside(expected: Expected, name: str) -> Absence:
    try:
        expected.departed(name)
    except NotPermitted as refused:
        return Absence("not_permitted", str(refused), "Change toolweaver.profiles or toolweaver.effects.")
    message = f"{name} is in the catalog, but not within this profile."
    return Absence("outside_profile", message, "Look without --profile, or change toolweaver.profiles.")


def _unknown(expected: Expected, error: UnknownTool) -> Absence:
    """Return why no tool has a name: its server, if the name tells it, is the likeliest cause."""
    for status in expected.whole.statuses:
        if _is_of(status.name, expected.name):
            return _of_server(status, expected.name)
    listed = {source.name for source in expected.loaded.sources}
    missing = _server_in(expected.name)
    if missing and missing not in listed and missing not in expected.whole.snapshot.by_server:
        return _not_configured(missing, sorted(listed), expected.whole.snapshot)
    closest = f" The closest are {', '.join(error.closest)}." if error.closest else ""
    return Absence("unknown", f"No tool is called {expected.name}.{closest}", "`toolweaver list --tools` has them all.")


def _of_server(status: SourceStatus, name: str) -> Absence:
    for problem in status.problems:
        if f"'{_own_name(status.name, name)}'" in problem:
            following = "Mend it there; `toolweaver list --problems` shows all of these."
            return Absence("left_out", f"The server {status.name} lists it, but {problem}.", following)
    if status.needs_login:
        message = f"The server {status.name} refuses us: {status.reason}."
        return Absence("needs_login", message, f"Give us a login for {status.name}.")
    if status.state is SourceState.FAILED:
        message = f"The server {status.name} is not ready: {status.reason}."
        following = f"`toolweaver logs {status.name}` has what it said; `toolweaver doctor` tries it."
        return Absence("server_offline", message, following)
    message = f"The server {status.name} has {status.tools} tools, and none of that name."
    return Absence("unknown", message, f"`toolweaver list {status.name}` shows them.")


def _not_configured(server: str, listed: Sequence[str], snapshot: Snapshot) -> Absence:
    names = [*listed, *snapshot.by_server]
    close = [name for name, similarity in resembling(server, names, limit=1) if similarity >= _LEAST_SIMILARITY]
    hint = f" Is {close[0]} meant?" if close else ""
    following = 'Add it to the configuration; an entry with "disabled": true, or "enabled": false, does not count.'
    return Absence("not_configured", f"No server is called {server}.{hint}", following)


def _is_of(server: str, name: str) -> bool:
    return any(name.casefold().startswith(f"{server}{separator}".casefold()) for separator in _SEPARATORS)


def _own_name(server: str, name: str) -> str:
    rest = name[len(server) :]
    return next(rest[len(each) :] for each in _SEPARATORS if rest.startswith(each))


def _server_in(name: str) -> str:
    """Return what the name says of its server; empty if it says nothing."""
    return next((name.partition(each)[0] for each in _SEPARATORS[:2] if each in name), "")
