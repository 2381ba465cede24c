"""An entry of the registry: a ``server.json`` document (schema of 2025-12-11, and the snake case of older ones)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.scrub import scrub

_SNAKE = re.compile(r"_([a-z])")
_DEEPEST = 32
_OLDER = {"transportType": "type", "url": "url"}
_OFFICIAL = "io.modelcontextprotocol.registry/official"


def _several(value: Any) -> Any:
    return [] if value is None else value


def _shown(value: Any) -> Any:
    return scrub(value) if isinstance(value, str) else value


Shown = Annotated[str, BeforeValidator(_shown)]
"""A text for people. What may become part of a command is never mended: it is taken as it is, or refused."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Input(_Part):
    """A value that whoever runs a server gives, or the registry does: of an argument, a variable, a header."""

    name: str = ""
    description: Shown = ""
    value: str | None = None
    """What it is, where nothing is to be asked; may hold ``{variables}``."""
    default: str | None = None
    isRequired: bool = False  # noqa: N815  the format's names
    isSecret: bool = False  # noqa: N815
    choices: Annotated[list[Shown], BeforeValidator(_several)] = []
    variables: Mapping[str, Input] = {}
    """What is to be said of the ``{variables}`` in the value."""


class Argument(Input):
    """An argument on the command line."""

    type: Literal["positional", "named"] = "positional"
    valueHint: str = ""  # noqa: N815


class Package(_Part):
    """One way to run a server on this machine."""

    registryType: str  # noqa: N815
    identifier: str
    version: str = ""
    registryBaseUrl: str = ""  # noqa: N815
    """The index that it is in, if that is not the usual one."""
    runtimeArguments: Annotated[list[Argument], BeforeValidator(_several)] = []  # noqa: N815
    packageArguments: Annotated[list[Argument], BeforeValidator(_several)] = []  # noqa: N815
    environmentVariables: Annotated[list[Input], BeforeValidator(_several)] = []  # noqa: N815
    transport: Mapping[str, Any] = {}


class Remote(_Part):
    """A server that runs elsewhere."""

    type: str
    url: str
    headers: Annotated[list[Input], BeforeValidator(_several)] = []
    variables: Mapping[str, Input] = {}
    """What is to be said of the ``{variables}`` in the URL."""


class Entry(_Part):
    """One version of a server."""

    name: str = Field(max_length=300, pattern=r"^([A-Za-z0-9.-]+/)?[A-Za-z0-9._-]+$")
    title: Shown = ""
    description: Shown = ""
    version: Shown = Field(default="", max_length=255)
    status: Shown = "active"
    packages: Annotated[list[Package], BeforeValidator(_several)] = []
    remotes: Annotated[list[Remote], BeforeValidator(_several)] = []

    @property
    def short_name(self) -> str:
        """What it is called without whom it is from."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.name.rpartition("/")[2]).strip("-") or "server"


class NotAnEntry(ValueError):
    """What was read is no entry of the registry."""


def entry_of(raw: Any) -> Entry:
    """Return an entry, as a document of its own or as the API wraps it.

    Raises:
        NotAnEntry: it is something else; says which key is wrong.
    """
    if not is_object(raw):
        raise NotAnEntry("an entry must be an object")
    about, meta = (raw["server"], raw.get("_meta")) if is_object(raw.get("server")) else (raw, raw.get("_meta"))
    try:
        entry = Entry.model_validate(_camel(about))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise NotAnEntry(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise NotAnEntry(str(error)) from error
    official = meta.get(_OFFICIAL) if is_object(meta) else None
    status = official.get("status") if is_object(official) else None
    return entry.model_copy(update={"status": scrub(status)[:40]}) if isinstance(status, str) else entry


def _camel(value: Any, depth: int = 0) -> Any:
    """Return the document with the names that the schema has now.

    Raises:
        ValueError: it is nested more than 32 levels deep.
    """
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if is_array(value):
        return [_camel(item, depth + 1) for item in value]
    if not is_object(value):
        return value
    named = {_now(key): _variables(key, item, depth) for key, item in value.items()}
    named = {_OLDER.get(key, key): item for key, item in named.items()}
    detail = named.get("versionDetail")
    if "version" not in named and is_object(detail):
        named["version"] = detail.get("version", "")
    return named


def _now(key: str) -> str:
    return _SNAKE.sub(lambda found: found[1].upper(), key)


def _variables(key: str, value: Any, depth: int) -> Any:
    """Return a value with the names of now, but the keys of ``variables``, which are the publisher's own."""
    if key == "variables" and is_object(value):
        return {name: _camel(item, depth + 1) for name, item in value.items()}
    return _camel(value, depth + 1)
