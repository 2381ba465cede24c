"""Tokens as JSON. Whatever is not understood is refused: it might be what limits a token."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mcp_toolweaver.access.token import Token
from mcp_toolweaver.core.access import EFFECTS, Effect, Rules

VERSION: Literal[1] = 1
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What a token may be called."""

_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Rules(_Part):
    servers: tuple[_Pattern, ...] = ()
    domains: tuple[_Pattern, ...] = ()
    tools: tuple[_Pattern, ...] = ()


class _Token(_Part):
    name: Annotated[str, StringConstraints(pattern=f"^{NAME}$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: AwareDatetime
    expires: AwareDatetime | None
    profile: str | None
    allow: _Rules
    effects: Annotated[tuple[Effect, ...], Field(max_length=len(EFFECTS))]


class _File(_Part):
    version: Literal[1]
    tokens: tuple[_Token, ...]


class _Versioned(BaseModel):
    version: int


def encode(tokens: tuple[Token, ...]) -> str:
    """Return the text of a file with these tokens."""
    return _File(version=VERSION, tokens=tuple(map(_kept, tokens))).model_dump_json(indent=2) + "\n"


def decode(text: str) -> tuple[Token, ...]:
    """Return the tokens in the text of a file.

    Raises:
        ValueError: it is damaged, or of a version that is not ours; the message holds nothing of what is in it.
    """
    try:
        if (found := _Versioned.model_validate_json(text).version) != VERSION:
            raise ValueError(f"it has version {found}, and this program reads version {VERSION}")
        tokens = tuple(_token(kept) for kept in _File.model_validate_json(text).tokens)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(" ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))) from None
    if len({token.name.casefold() for token in tokens}) < len(tokens) or len({t.digest for t in tokens}) < len(tokens):
        raise ValueError("a token is in it twice")
    return tokens


def _kept(token: Token) -> _Token:
    allow = _Rules(servers=token.allow.servers, domains=token.allow.domains, tools=token.allow.tools)
    return _Token(
        name=token.name,
        sha256=token.digest,
        created=token.created,
        expires=token.expires,
        profile=token.profile or None,
        allow=allow,
        effects=tuple(sorted(token.effects)),
    )


def _token(kept: _Token) -> Token:
    return Token(
        name=kept.name,
        digest=kept.sha256,
        created=kept.created,
        expires=kept.expires,
        profile=kept.profile or "",
        allow=Rules(kept.allow.servers, kept.allow.domains, kept.allow.tools),
        effects=frozenset(kept.effects),
    )
