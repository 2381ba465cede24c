"""What people see of tokens, which is never their text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.access.token import Token
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.core.access import EFFECTS, Effect


def as_json_object(token: Token, used: datetime | None = None, *, now: datetime | None = None) -> dict[str, Any]:
    """Return a token as JSON; when it was used, and whether it is expired, where ``now`` is given."""
    found: dict[str, Any] = {
        "name": token.name,
        "created": token.created.isoformat(),
        "expires": _iso(token.expires),
        "profile": token.profile or None,
        "allow": {name: patterns for name, patterns in asdict(token.allow).items() if name != "kinds"},
        "effects": _effects(token),
    }
    return found if now is None else {**found, "expired": token.is_expired(now), "last_used": _iso(used)}


def print_tokens(tokens: Iterable[tuple[Token, datetime | None]], profiles: Collection[str], now: datetime) -> None:
    """Print tokens, and when each was used, as a table."""
    table = Table("token", "state", "made", "good until", "last used", "good for", "may")
    for token, used in tokens:
        table.add_row(
            token.name,
            _state(token, profiles, now),
            f"{token.created:%Y-%m-%d}",
            _time(token.expires) or "it is revoked",
            _time(used) or "never",
            escape("; ".join(_limits(token, profiles)) or "everything"),
            escape(", ".join(_effects(token))),
        )
    out.print(table if table.row_count else "there is no token; make one with: toolweaver token add NAME")


def goodness(token: Token) -> str:
    """Return in one sentence what a token is good for, and until when."""
    what = "; ".join(_limits(token, [token.profile])) or "all tools"
    how = "" if token.effects == EFFECTS else f" ({', '.join(_effects(token))} only)"
    return f"{what}{how}, until {_time(token.expires) or 'it is revoked'}"


def _limits(token: Token, profiles: Collection[str]) -> Iterator[str]:
    for kind, patterns in asdict(token.allow).items():
        if patterns:
            yield f"{kind} {', '.join(patterns)}"
    if token.profile:
        yield f"profile {token.profile}" + ("" if token.profile in profiles else ", which is gone")


def _state(token: Token, profiles: Collection[str], now: datetime) -> str:
    if token.is_expired(now):
        return "[yellow]expired[/]"
    if token.profile and token.profile not in profiles:
        return "[red]useless[/]"
    return "[green]good[/]"


def _effects(token: Token) -> list[str]:
    return [effect for effect in get_args(Effect) if effect in token.effects]


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M %Z}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
