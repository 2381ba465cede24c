"""What a downstream server writes to stderr, and what happens to it, in a log of its own without known secrets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain

from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.secrecy import Mask
from mcp_toolweaver.proxy.log_file import LOG_FOLDER, append, log_path
from mcp_toolweaver.proxy.secret_parts import secrets_in_address, secrets_in_arguments

STDERR, EVENT = "|", "#"
"""The sign between the time of a line and its text: what the server wrote, or what happened to it."""

_LONGEST_LINE = 2000
_LONGEST_LAST = 400
_RAW_LINE = 8192
"""Bytes of a line that are looked at; longer than what is shown, so that no secret is cut before it is found."""

_BURST = 256 * 1024
_PER_SECOND = 16 * 1024
"""Bytes of stderr that are written to the log: at once, and lastingly."""


class ServerLog:
    """Takes what a server writes to stderr, at any speed; it may be used from any thread."""

    def __init__(self, server: str, secrets: Iterable[str] = ()) -> None:
        """Log to the file of ``server`` in the folder for logs, if there is one. See `server_log`."""
        self.server = server
        folder = LOG_FOLDER.get()
        self._path = log_path(folder, server) if folder else None
        self.mask = Mask(secrets)
        """Hides the secrets that the log hides, in other texts about the server."""
        self._lock = threading.Lock()
        self._rest = b""
        self._last = b""
        self._room, self._filled = float(_BURST), time.monotonic()
        self._skipped = 0
        self._is_mid_line = False

    def note(self, event: str, *, longest: int = _LONGEST_LINE) -> None:
        """Write what happened to the server, cut after ``longest`` characters."""
        with self._lock:
            self._write([(EVENT, event[:_RAW_LINE])], longest)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may be written now; if not, `skip` them."""
        now = time.monotonic()
        self._room = min(self._room + (now - self._filled) * _PER_SECOND, _BURST)
        self._filled = now
        return size <= self._room

    def feed(self, chunk: bytes) -> None:
        """Write a piece of stderr; blocks while the disk does."""
        with self._lock:
            self._room -= len(chunk)
            self._note_skipped()
            if self._is_mid_line:  # what is left of a line whose beginning was left out may be half a secret
                _out, is_ended, chunk = chunk.partition(b"\n")
                self._is_mid_line = not is_ended
            *ends, rest = chunk.split(b"\n")
            lines: list[bytes] = []
            for end in ends:
                lines.append(self._rest + end[:_RAW_LINE])
                self._rest = b""
            self._rest = (self._rest + rest[:_RAW_LINE])[:_RAW_LINE]
            lines = [line[:_RAW_LINE] for line in lines if line.strip()]
            self._last = self._rest if self._rest.strip() else lines[-1] if lines else self._last
            self._write([(STDERR, line.decode(errors="replace")) for line in lines])

    def skip(self, chunk: bytes) -> None:
        """Leave a piece of stderr out, keeping its last line in mind."""
        with self._lock:
            self._skipped += len(chunk) + len(self._rest)
            line = chunk[-_RAW_LINE:].strip().rpartition(b"\n")[2]
            self._last, self._rest = line or self._last, b""
            self._is_mid_line = not chunk.endswith(b"\n")

    def finish(self) -> None:
        """Write what is left over when stderr has ended."""
        with self._lock:
            self._note_skipped()
            rest, self._rest = self._rest, b""
            if rest.strip():
                self._write([(STDERR, rest.decode(errors="replace"))])

    def last_line(self) -> str:
        """Return the last line of stderr so far, for a message; or nothing."""
        line = self._clean(self._last.decode(errors="replace").strip())[:_LONGEST_LAST]
        return f"the last line of its stderr: {line}" if line else ""

    def _note_skipped(self) -> None:
        skipped, self._skipped = self._skipped, 0
        if skipped:
            self._write([(EVENT, f"{skipped} bytes of stderr were left out: it writes too much too fast")])

    def _write(self, lines: list[tuple[str, str]], longest: int = _LONGEST_LINE) -> None:
        if self._path is None or not lines:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = "".join(f"{now} {sign} {self._clean(line)[:longest]}\n" for sign, line in lines)
        try:
            append(self._path, text)
        except OSError:  # a full disk must not end a server
            return

    def _clean(self, text: str) -> str:
        return scrub(self.mask(text)).replace("\r", " ").replace("\n", " ").rstrip()


def server_log(server: str, secrets: Iterable[str] = (), *, arguments: Sequence[str] = (), url: str = "") -> ServerLog:
    """Return the log of a server; for sources.

    Args:
        server: Its name in the configuration.
        secrets: Texts that may be or contain a secret, such as the values of its environment and headers; those of
            at least 8 characters, their lines, and what follows a scheme such as ``Bearer``, are shown as ``***``.
        arguments: Those of its command, of which what is named or looks like a secret is shown so too.
        url: Its address, the same.
    """
    return ServerLog(server, chain(secrets, secrets_in_arguments(arguments), secrets_in_address(url)))
