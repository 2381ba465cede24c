"""What the owner writes for a source of this kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from catalog_sources.openapi.bases import BadAddress, base_at
from catalog_sources.openapi.headers import is_header_name, is_header_value
from mcp_toolweaver import ConfigurationError

_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class Auth(BaseModel):
    """The secrets of one security scheme; a bare text is its token or its value."""

    model_config = ConfigDict(extra="forbid")

    token: SecretStr | None = None
    """For bearer tokens, OAuth 2 and OpenID Connect."""
    value: SecretStr | None = None
    """For API keys."""
    username: str | None = None
    password: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, given: Any) -> Any:
        return {"token": given} if isinstance(given, str) else given


class OpenApiOptions(BaseModel):
    """The options of an ``openapi`` source."""

    model_config = ConfigDict(extra="forbid")

    path: Path | None = None
    """The document as a file; or ``url``."""
    url: str | None = Field(default=None, pattern=r"^https?://")
    """The document on the web."""
    base_url: str | None = None
    """What all calls go to, in place of the document's first server."""
    include: list[str] = []
    """Patterns over ``METHOD /path``, operationId and tags; what fits none is left out, unless there are none."""
    exclude: list[str] = []
    """Likewise; what fits one is left out."""
    include_deprecated: bool = False
    domain_from: Literal["source", "tag"] = "source"
    headers: dict[str, SecretStr] = {}
    """Sent with every call, and with every request for a document of the same origin."""
    auth: dict[str, Auth] = {}
    """By the names of the security schemes of the document."""
    call_timeout: float = Field(default=60.0, gt=0)
    """Seconds that one call may take, redirects included."""
    max_response_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    max_document_bytes: int = Field(default=32 * 1024 * 1024, ge=1024)
    refresh_seconds: float = Field(default=3600.0, ge=0)
    """How often a document on the web is looked at again; 0 never does that."""

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, given: str | None) -> str | None:
        if given is not None:
            try:
                base_at(given)
            except BadAddress as bad:
                raise ValueError(str(bad)) from bad
        return given

    @field_validator("url")
    @classmethod
    def _url(cls, given: str | None) -> str | None:
        if given is not None and "@" in urlsplit(given).netloc:
            raise ValueError("has a user or a password in it; set headers instead")
        return given

    @field_validator("headers")
    @classmethod
    def _headers(cls, given: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in given.items():
            if not is_header_name(name) or name.lower() in _FRAMING:
                raise ValueError(f"{name!r} is not a header that can be set")
            if not is_header_value(value.get_secret_value()):
                raise ValueError(f"the value of {name!r} has a line break, or white space around it")
        return given

    @model_validator(mode="after")
    def _one_document(self) -> OpenApiOptions:
        if (self.path is None) == (self.url is None):
            raise ValueError("name the document by either path (a file) or url")
        return self


def read_options(options: Mapping[str, Any]) -> OpenApiOptions:
    """Return the options, checked.

    Raises:
        ConfigurationError: one is wrong; the message names it, and never repeats a value that may be secret.
    """
    try:
        return OpenApiOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{key or 'openapi'}: {first['msg'].removeprefix('Value error, ')}") from None
