"""Where Redis is, and how to get in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from mcp_toolweaver.core.errors import ConfigurationError

Kind: TypeAlias = Literal["single", "sentinel", "cluster"]

_KINDS: dict[str, Kind] = {
    "redis": "single",
    "rediss": "single",
    "unix": "single",
    "redis+sentinel": "sentinel",
    "rediss+sentinel": "sentinel",
    "redis+cluster": "cluster",
    "rediss+cluster": "cluster",
}
_PORT = 6379
_SENTINEL_PORT = 26379
_MOST = 65_535
_DIGITS = 9
"""Of the number of a database, at most."""


@dataclass(frozen=True, slots=True)
class Address:
    """One server, several sentinels that know it, or some nodes of a cluster."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...] = ()
    """Host and port of each; none for a socket."""
    socket: str | None = None
    """The path of a Unix socket."""
    tls: bool = False
    database: int = 0
    service: str = ""
    """What the sentinels call the group of servers."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Where it is, for people; without credentials."""
        return self.socket or ",".join(f"{host}:{port}" for host, port in self.hosts)


@dataclass(frozen=True, slots=True)
class Options:
    """How to talk to it."""

    address: Address
    ca_file: str | None = None
    """Certificates that sign the server's, instead of the system's."""
    cert_file: str | None = None
    key_file: str | None = None
    """Our certificate and its key, where the server asks for one."""
    max_connections: int = 20
    timeout: float = 0.25
    """Seconds that somebody waits for one answer."""
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)


def read_address(url: str) -> Address:
    """Read a URL.

        redis[s]://[[user]:password@]host[:6379][/database]
        unix://[[user]:password@]/path/of/socket
        redis[s]+sentinel://[[user]:password@]host[:26379][,host...]/service[/database]
        redis[s]+cluster://[[user]:password@]host[:6379][,host...]

    Raises:
        ConfigurationError: it is none of these; the message says what is wrong, and repeats no password.
    """
    parts = _split(url)
    kind = _KINDS.get(parts.scheme)
    if kind is None:
        raise ConfigurationError(f"should begin with one of {', '.join(f'{scheme}://' for scheme in _KINDS)}")
    credentials, _, place = parts.netloc.rpartition("@")
    name, _, password = credentials.partition(":")
    access = _Access(unquote(name) or None, unquote(password) or None)
    if parts.scheme == "unix":
        if place or not parts.path.strip("/"):
            raise ConfigurationError("should name the path of a socket, such as unix:///run/redis.sock")
        return Address(kind, socket=unquote(parts.path), username=access.name, password=access.password)
    hosts = tuple(_host(each, _SENTINEL_PORT if kind == "sentinel" else _PORT) for each in place.split(","))
    if kind == "single" and len(hosts) > 1:
        raise ConfigurationError("names several hosts; write redis+cluster:// or redis+sentinel:// for these")
    steps = [unquote(step) for step in parts.path.split("/") if step]
    service = steps.pop(0) if kind == "sentinel" and steps else ""
    if kind == "sentinel" and not service:
        raise ConfigurationError(
            "should end with the name of the service, such as redis+sentinel://host:26379/mymaster"
        )
    return Address(
        kind,
        hosts,
        tls=parts.scheme.startswith("rediss"),
        database=_database(steps, kind),
        service=service,
        username=access.name,
        password=access.password,
    )


class _Access(NamedTuple):
    name: str | None
    password: str | None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError("is not a URL") from None  # whose message may hold the password
    if parts.query or parts.fragment or (parts.scheme != "unix" and "@" in parts.path):
        raise ConfigurationError("has a /, ? or # where none belongs; in a password write %2F, %3F and %23")
    return parts


def _host(text: str, default: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, ""
    host = host.strip("[]")
    if not host:
        raise ConfigurationError("names no host, such as redis://localhost:6379")
    if ":" in host and "[" not in text:
        raise ConfigurationError("has too many colons; an IPv6 host is written in brackets, such as redis://[::1]:6379")
    if port and (not port.isdecimal() or len(port) > len(str(_MOST)) or not 0 < int(port) <= _MOST):
        raise ConfigurationError(f"has a port that is no number from 1 to {_MOST}; in a password write %2F for /")
    return host, int(port) if port else default


def _database(steps: list[str], kind: Kind) -> int:
    if not steps:
        return 0
    if len(steps) > 1 or not steps[0].isdecimal() or len(steps[0]) > _DIGITS or kind == "cluster":
        raise ConfigurationError("should end with the host, or with the number of a database such as /0")
    return int(steps[0])
