"""``toolweaver login`` and ``logout``: the work."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.login_printing import print_logins
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.config import SERVER_KIND, Configuration, SourceSpec
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError, Unavailable
from mcp_toolweaver.core.logins import Place
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy.login.acquiring import logged_in
from mcp_toolweaver.proxy.login.record import Login
from mcp_toolweaver.proxy.login.standing import kept, revoke, standing
from mcp_toolweaver.proxy.login.wishes import wishes_of
from mcp_toolweaver.secrets.logins import FOLDER, KeptLogins


@dataclass(frozen=True, slots=True)
class Wished:
    """What is wanted of a login."""

    server: str
    opens_browser: bool
    seconds: float
    """To wait for a person."""


def run_login(config: Path | None, wished: Wished, *, as_json: bool) -> int:
    """Log in and keep the login; return the exit status (1: it did not come about, 2: wrong usage)."""

    async def log_in(loaded: Configuration) -> int:
        source, place = _remote(loaded, wished.server)
        store = _store(loaded)
        wishes = wishes_of(source.options.get("auth") or {})
        show = _show(opens=wished.opens_browser)
        try:
            with anyio.fail_after(wished.seconds):
                is_sse, insists = source.options["transport"] == "sse", "auth" in source.options
                made = await logged_in(place, wishes, show, is_sse=is_sse, insists=insists)
        except TimeoutError:
            raise Unavailable("the login", f"nobody logged in within {wished.seconds:g} s") from None
        async with store.turn(place):
            await run_in_thread(store.write, place, made.model_dump_json())
        told = _told(place, made)
        if as_json:
            print_json(told)
        sys.stderr.write(f"toolweaver: logged in at {place.server!r} through {made.issuer}.\n")
        return 0

    return _run(config, log_in)


def run_logout(config: Path | None, server: str, *, as_json: bool) -> int:
    """Forget a login; return the exit status (1: it could not be removed, 2: wrong usage)."""

    async def log_out(loaded: Configuration) -> int:
        _source, place = _remote(loaded, server)
        store = _store(loaded)
        was_told, was_there = await _taken_back(place, store)
        if as_json:
            print_json({"server": server, "was_logged_in": was_there, "revoked": was_told})
        sys.stderr.write(f"toolweaver: {_farewell(server, was_there=was_there, was_told=was_told)}\n")
        return 0

    return _run(config, log_out)


def run_list(config: Path | None, *, as_json: bool) -> int:
    """Print how we stand with each remote server; return the exit status (1: one of them needs a login)."""

    async def show(loaded: Configuration) -> int:
        store, rows = _store(loaded), dict[str, dict[str, Any]]()

        async def look(source: SourceSpec) -> None:
            place = Place(source.name, source.options["url"])
            wishes = wishes_of(source.options.get("auth") or {})
            found = await standing(place, store, wishes, is_sse=source.options["transport"] == "sse")
            rows[source.name] = {**_told(place, found.login), "needs_login": found.needs_login}

        remote = [source for source in loaded.sources if _is_remote(source)]
        async with anyio.create_task_group() as tasks:
            for source in remote:
                tasks.start_soon(look, source)
        ordered = [rows[source.name] for source in remote]
        if as_json:
            print_json({"servers": ordered})
        else:
            print_logins(ordered)
        return 1 if any(row["needs_login"] for row in ordered) else 0

    return _run(config, show)


async def _taken_back(place: Place, store: KeptLogins) -> tuple[bool, bool]:
    """Return whether the authorization server was told, and whether there was a login."""
    was_told = False
    async with store.turn(place):
        try:
            login = await kept(place, store)
            if login is not None and login.revocation_endpoint is not None:
                await revoke(login)
                was_told = True
        except Unavailable as error:
            sys.stderr.write(f"toolweaver: {error}\n")
        return was_told, await run_in_thread(store.remove, place)


def _farewell(server: str, *, was_there: bool, was_told: bool) -> str:
    if not was_there:
        return f"there was no login at {server!r}."
    more = "" if was_told else "; the authorization server was not told, so its tokens end by themselves"
    return f"logged out at {server!r}{more}."


def _show(*, opens: bool) -> Callable[[str], Awaitable[None]]:
    async def show(url: str) -> None:
        sys.stderr.write(f"toolweaver: log in at this address:\n{url}\n")
        sys.stderr.flush()
        if opens and not await run_in_thread(webbrowser.open, url):
            sys.stderr.write("toolweaver: no browser could be opened; open the address yourself, on this machine.\n")

    return show


def _told(place: Place, login: Login | None) -> dict[str, Any]:
    """Return what may be shown of a login."""
    told: dict[str, Any] = {"server": place.server, "url": place.url, "logged_in": False}
    if login is None or login.tokens is None:
        return told
    ends = None if login.expires_at is None else datetime.fromtimestamp(login.expires_at, UTC).isoformat("T", "seconds")
    return told | {
        "logged_in": True,
        "issuer": login.issuer,
        "scope": login.tokens.scope,
        "expires": ends,
        "renews": login.tokens.refresh_token is not None,
    }


def _remote(loaded: Configuration, server: str) -> tuple[SourceSpec, Place]:
    source = next((each for each in loaded.sources if each.name == server), None)
    names = ", ".join(each.name for each in loaded.sources if _is_remote(each)) or "none"
    if source is None or source.invalid:
        why = "has mistakes in its configuration" if source else "is not in the configuration"
        raise InvalidRequest(f"the server {server!r} {why}; remote servers: {names}")
    if not _is_remote(source):
        raise InvalidRequest(f"the server {server!r} is no remote one, so there is no login; remote servers: {names}")
    return source, Place(server, source.options["url"])


def _is_remote(source: SourceSpec) -> bool:
    return source.kind == SERVER_KIND and not source.invalid and "url" in source.options


def _store(loaded: Configuration) -> KeptLogins:
    return KeptLogins(loaded.settings.data_dir / FOLDER)


def _run(config: Path | None, command: Callable[[Configuration], Awaitable[int]]) -> int:
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        return anyio.run(command, loaded)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 1 if isinstance(error, Unavailable) else 2
