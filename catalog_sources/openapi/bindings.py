"""Where each argument of a tool goes in the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Place: TypeAlias = Literal["path", "query", "header", "cookie"]
BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "base64"]

WHOLE_BODY = "body"
"""The argument that is all of the body, where its properties are not arguments of their own."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One parameter."""

    argument: str
    """What it is called in the tool's arguments."""
    place: Place
    name: str
    """What it is called in the request."""
    style: str
    """How lists and objects are written: OpenAPI 3.1, section 4.8.12, "Style Values"."""
    explode: bool
    as_json: bool = False
    """Whether its value is written as JSON, since it has a media type and no schema."""
    slashes: bool = False
    """Whether a value in the path may have slashes, which are sent encoded."""


@dataclass(frozen=True, slots=True)
class FieldEncoding:
    """How one field of a form is written."""

    style: str | None = None
    """None for JSON where it is an object."""
    explode: bool = True
    content_type: str = ""
    """The media type of the part; empty for that of its value."""
    is_file: bool = False
    """Whether the argument is the content in base64."""


@dataclass(frozen=True, slots=True)
class BodyBinding:
    """The body."""

    kind: BodyKind
    content_type: str
    properties: Mapping[str, str] | None
    """Arguments that are properties of the body, and their names there; None if ``body`` is all of it."""
    is_required: bool
    takes_more: bool = False
    """Whether arguments that nobody knows are properties too."""
    encodings: Mapping[str, FieldEncoding] = field(default_factory=dict[str, FieldEncoding])
    """By the names of properties, for forms."""
