"""A server of the registry that runs elsewhere: its address and headers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from mcp_toolweaver.registry.asking_owner import Needs
from mcp_toolweaver.registry.entry import Input, Remote
from mcp_toolweaver.registry.foreign import NotRunnable, checked

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_HOST = re.compile(r"[A-Za-z0-9.:-]+")


def remote_values(remote: Remote, needs: Needs) -> dict[str, Any]:
    """Return a remote as an entry of ``mcpServers``.

    Raises:
        NotRunnable: it is of a kind that we do not know, or nothing that is safe to talk to.
    """
    kind = {"streamable-http": "http", "sse": "sse"}.get(remote.type)
    if kind is None:
        raise NotRunnable(f"a remote of the kind {remote.type[:40]!r} is not known here")
    url = needs.filled(_address(remote.url), remote.variables, Input(isRequired=True))
    headers = {_header(each): needs.value(each) for each in remote.headers}
    given = {name: value for name, value in headers.items() if value is not None}
    return {"type": kind, "url": url, **({"headers": given} if given else {})}


def _address(url: str) -> str:
    """Return an address whose host is known, is safe to talk to, and is what it looks like."""
    try:
        parts = urlsplit(checked(url))
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotRunnable(f"{url[:120]!r} is no address") from error
    if "{" in f"{parts.scheme}{parts.netloc}" or not parts.netloc:
        raise NotRunnable(f"the host of {url[:120]!r} is to be filled in; add it by hand")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not is_safe or "@" in parts.netloc or " " in url or "\\" in url or not _HOST.fullmatch(host):
        raise NotRunnable(f"{url[:120]!r} is no https address")
    return url


def _header(given: Input) -> str:
    if not _HEADER.fullmatch(given.name):
        raise NotRunnable(f"a header is called {given.name[:40]!r}")
    return given.name
