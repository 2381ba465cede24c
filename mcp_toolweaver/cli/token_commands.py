"""``toolweaver token add``, ``token list`` and ``token revoke``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mcp_toolweaver.access.expiry import expiry
from mcp_toolweaver.access.secret import digest, new_secret
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_file import TokenFile
from mcp_toolweaver.access.token_format import NAME
from mcp_toolweaver.access.uses import Uses
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.token_printing import as_json_object, goodness, print_tokens
from mcp_toolweaver.config import Configuration, Settings
from mcp_toolweaver.core.access import EFFECTS, Rules
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError, Unavailable

_LONGEST_PATTERN = 200


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted of a new token."""

    name: str
    expires: str
    profile: str = ""
    servers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    read_only: bool = False


def run_add(config: Path | None, wishes: Wishes, *, as_json: bool) -> int:
    """Make a token; stdout gets nothing but it. Return the exit status (1: it cannot be kept, 2: wrong usage)."""

    def add(loaded: Configuration) -> None:
        token, secret = made(wishes, profile_names(loaded.settings), datetime.now(UTC))
        TokenFile(loaded.settings.data_dir).add(token)
        if as_json:
            print_json({"token": secret, **as_json_object(token)})
        else:
            sys.stdout.write(f"{secret}\n")
        sys.stderr.write(
            f"toolweaver: the token {token.name!r} is good for {goodness(token)}. It is shown this once: put it where "
            "your host keeps its secrets, as the header Authorization: Bearer TOKEN.\n"
        )

    return _run(config, add)


def run_list(config: Path | None, *, as_json: bool) -> int:
    """Print the tokens without their texts; return the exit status (1: they cannot be read, 2: the file is damaged)."""

    def show(loaded: Configuration) -> None:
        folder, now = loaded.settings.data_dir, datetime.now(UTC)
        uses = Uses(folder)
        rows = [(token, uses.last(token)) for token in TokenFile(folder).read()]
        if as_json:
            print_json({"tokens": [as_json_object(token, used, now=now) for token, used in rows]})
        else:
            print_tokens(rows, profile_names(loaded.settings), now)

    return _run(config, show)


def run_revoke(config: Path | None, name: str, *, as_json: bool) -> int:
    """Take a token back; return the exit status (1: the file cannot be written, 2: there is no such token)."""

    def revoke(loaded: Configuration) -> None:
        file = TokenFile(loaded.settings.data_dir)
        gone = file.revoke(name)
        Uses(loaded.settings.data_dir).forget(gone)
        if as_json:
            print_json({"revoked": gone.name})
        sys.stderr.write(f"toolweaver: the token {gone.name!r} lets nobody in any more.\n")
        if not file.read():
            sys.stderr.write(
                "toolweaver: no token is left, so nobody can show one to a server over HTTP; to have none asked for on "
                f"this machine, remove {file.path} and start the server again.\n"
            )

    return _run(config, revoke)


def made(wishes: Wishes, profiles: Collection[str], now: datetime) -> tuple[Token, str]:
    """Return a token, and its text, which is nowhere else.

    Raises:
        InvalidRequest: something about it cannot be.
    """
    if not re.fullmatch(NAME, wishes.name, re.ASCII):
        raise InvalidRequest(
            f"{wishes.name!r} cannot be the name of a token; use at most 64 letters, digits, dots, dashes and "
            "underscores, the first a letter or digit"
        )
    if wishes.profile and wishes.profile not in profiles:
        known = f"there are: {', '.join(profiles)}" if profiles else "the configuration has none"
        raise InvalidRequest(f"there is no profile named {wishes.profile!r}; {known}")
    secret = new_secret()
    token = Token(
        name=wishes.name,
        digest=digest(secret),
        created=now.replace(microsecond=0),
        expires=expiry(wishes.expires, now),
        profile=wishes.profile,
        allow=Rules(*(_patterns(each) for each in (wishes.servers, wishes.domains, wishes.tools))),
        effects=frozenset({"read"}) if wishes.read_only else EFFECTS,
    )
    return token, secret


def profile_names(settings: Settings) -> Collection[str]:
    """Return the names of the profiles in the configuration."""
    return tuple(settings.profiles)


def _patterns(given: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in given if not each.strip() or len(each) > _LONGEST_PATTERN]:
        raise InvalidRequest(f"{wrong[0][:20]!r} is no pattern; write 1 to {_LONGEST_PATTERN} letters, * for anything")
    return tuple(dict.fromkeys(given))


def _run(config: Path | None, command: Callable[[Configuration], None]) -> int:
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        command(loaded)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 1 if isinstance(error, Unavailable) else 2
    return 0
