"""Where we listen, as it is written on the command line."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8321
_LARGEST_PORT = 65_535
_WRITTEN = re.compile(r"(?:\[(?P<bracketed>[^\]]*)\]|(?P<plain>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; port 0 takes a free one."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    @classmethod
    def of(cls, written: str) -> Address:
        """Read ``HOST:PORT``, ``HOST``, ``:PORT``, ``PORT``, ``[IPv6]:PORT`` or nothing at all.

        Raises:
            ValueError: it is none of these; the message says what would be.
        """
        if written.isdecimal():
            written = f":{written}"
        parts = _WRITTEN.fullmatch(written.strip())
        port = DEFAULT_PORT if parts is None or parts["port"] is None else int(parts["port"])
        if parts is None or port > _LARGEST_PORT:
            raise ValueError(f"{written!r} is not an address: write HOST:PORT, such as {DEFAULT_HOST}:{DEFAULT_PORT}")
        return cls(parts["bracketed"] or parts["plain"] or DEFAULT_HOST, port)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host.casefold() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
