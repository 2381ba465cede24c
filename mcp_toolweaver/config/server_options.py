"""One server's entry, in the words of any host, to the options it is opened with."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mcp_toolweaver.config.fields import Fields
from mcp_toolweaver.config.login_options import login_options
from mcp_toolweaver.config.own_policy import OURS

UNDERSTOOD = frozenset(
    {"type", "transport", "command", "args", "env", "cwd", "url", "serverUrl", "httpUrl", "headers", "http_headers"}
    | {"connectTimeout", "callTimeout", "startup_timeout_sec", "tool_timeout_sec", "maxFrameBytes", "auth"}
    | OURS
)
"""The fields that mean something here; hosts have many others."""

_LEAST_FRAME = 65_536
_URL = ("httpUrl", "url", "serverUrl")
_TRANSPORTS = {"stdio": "stdio", "http": "http", "streamablehttp": "http", "sse": "sse"}
_USE_TRANSPORT = "use one of stdio, http, sse"
_ADD_COMMAND = 'add "command": "..." with the program to start'
_ADD_URL = 'add "url": "https://..."'


def server_options(fields: Fields) -> dict[str, Any]:
    """Return the options of a server in the shape that `SourceSpec` documents.

    Whatever is missing or wrong is reported through ``fields``; the options are then
    incomplete and must not be used.
    """
    transport = _declared(fields)
    if transport is None and not fields.has("command", *_URL):
        fields.refuse("", "has neither a command nor a url", f"{_ADD_COMMAND}, or {_ADD_URL}")
        return {}
    transport = transport or _inferred(fields)
    connection = _local(fields) if transport == "stdio" else _remote(fields, transport)
    return connection | _limits(fields)


def _declared(fields: Fields) -> str | None:
    declared = fields.text("type", "transport")
    if declared is None:
        return None
    transport = _TRANSPORTS.get(declared.lower().replace("-", "").replace("_", ""))
    if transport is None:
        fields.refuse("type" if fields.has("type") else "transport", "is not a transport that MCP has", _USE_TRANSPORT)
    return transport


def _inferred(fields: Fields) -> str | None:
    """Return the transport that the other fields tell of; None where it depends on the URL."""
    if fields.has("command"):
        return "stdio"
    return "http" if fields.has("httpUrl") else None


def _local(fields: Fields) -> dict[str, Any]:
    options: dict[str, Any] = {
        "transport": "stdio",
        "command": fields.required_text("command", fix=_ADD_COMMAND),
        "args": fields.texts("args"),
        "env": fields.table("env"),
    }
    folder = fields.text("cwd")
    return options if folder is None else options | {"cwd": folder}


def _remote(fields: Fields, transport: str | None) -> dict[str, Any]:
    url = _url(fields)
    by_path = "sse" if urlsplit(url).path.rstrip("/").endswith("/sse") else "http"
    options = {"transport": transport or by_path, "url": url, "headers": fields.table("headers", "http_headers")}
    login = login_options(fields)
    return options if login is None else options | {"auth": login}


def _url(fields: Fields) -> str:
    """Return the web address; an empty text where it was refused."""
    name = next((name for name in _URL if fields.has(name)), "url")
    url = fields.required_text(name, fix=_ADD_URL).strip()
    if url and not _is_web_address(url):
        fields.refuse(name, "is not a web address", "write it as https://host/path")
        return ""
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _limits(fields: Fields) -> dict[str, float]:
    limits = {
        "connect_timeout": fields.seconds("connectTimeout", "startup_timeout_sec"),
        "call_timeout": fields.seconds("callTimeout", "tool_timeout_sec"),
        "max_frame_bytes": fields.count("maxFrameBytes", least=_LEAST_FRAME),
    }
    return {name: value for name, value in limits.items() if value is not None}
