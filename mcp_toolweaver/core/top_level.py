"""Finds what a JSON-RPC message answers without keeping the message: one pass over bytes that come in pieces."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import accumulate, count
from operator import sub

_OPENS, _CLOSES = b"{[", b"}]"
_TOKEN = re.compile(rb'["{}\[\],]')
_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_MEMBER = re.compile(rb'\s*+("(?:[^"\\]|\\.)*+")\s*+:\s*+(.*)', re.DOTALL)

_STEPS = bytes.maketrans(_OPENS + _CLOSES, b"\x02\x02\x00\x00")
_NO_BRACKETS = bytes(set(range(256)) - set(_OPENS + _CLOSES))
_NEXT_LINE = b"\ndata:"
"""Where the message comes as a server-sent event of several lines."""
_PIECE = 65_536
_LONGEST_MEMBER = 1024
"""Bytes of a member of the message that are kept; an id that is longer is none of ours."""
_MOST_MEMBERS = 1000
"""A message has five at most; what has so many is none."""


class TopLevel:
    """Reads the members ``id``, ``method``, ``result`` and ``error`` of an object, wherever they stand in it.

    Most of a large message is deep inside: there, strings are cut out and brackets are counted by operations on
    whole pieces. Only where the outermost level may be touched, tokens are looked at one by one.
    """

    def __init__(self) -> None:
        self.id: str | int | None = None
        """The message's id, if it has been seen and is one."""
        self.has_method = False
        self.has_outcome = False
        """Whether a result or an error has been seen."""
        self._depth = 0
        self._in_string = False
        self._carried = b""
        self._member = bytearray()
        self._members = 0

    @property
    def answered(self) -> str | int | None:
        """The id of the request that the message answers; None while that is not known, or if it is no answer."""
        return self.id if self.has_outcome and not self.has_method else None

    @property
    def asked(self) -> str | int | None:
        """The id of the request that the message is; None while that is not known, or if it is none."""
        return self.id if self.has_method and not self.has_outcome else None

    def feed(self, data: bytes) -> None:
        """Read on; time is linear in ``data``."""
        for start in range(0, len(data), _PIECE):
            self._piece(data[start : start + _PIECE])

    def _piece(self, piece: bytes) -> None:
        if self._members > _MOST_MEMBERS:
            return
        data = self._carried + piece
        is_cut = (len(data) - len(data.rstrip(b"\\"))) % 2 == 1
        self._carried = b"\\" if is_cut else b""
        if is_cut:
            data = data[:-1]
        if self._depth <= 1 or not self._passed_over(data):
            self._look_closely(data)

    def _passed_over(self, data: bytes) -> bool:
        """Skip ``data`` if the outermost level is not reached in it."""
        parts = data.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        steps = b"".join(parts[int(self._in_string) :: 2]).translate(_STEPS, _NO_BRACKETS)
        for _pass in range(4):  # what is balanced changes nothing
            steps = steps.replace(b"\x02\x00", b"")
        lowest = min(map(sub, accumulate(steps), count(1)), default=0)
        if self._depth + lowest <= 1:
            return False
        self._depth += sum(steps) - len(steps)
        self._in_string ^= len(parts) % 2 == 0
        return True

    def _look_closely(self, data: bytes) -> None:
        at = start = 0
        while self._members <= _MOST_MEMBERS:
            if self._in_string:
                end = _REST_OF_STRING.match(data, at)
                if end is None:
                    break
                at, self._in_string = end.end(), False
                continue
            token = _TOKEN.search(data, at)
            if token is None:
                break
            at = token.end()
            start = self._token(token.group(), data[start : token.start()] if self._depth == 1 else b"", start, at)
        if self._depth == 1:
            self._keep(data[start:])

    def _token(self, token: bytes, before: bytes, start: int, end: int) -> int:
        """Take a token outside of strings; return where what is kept at the outermost level goes on."""
        if token == b'"':
            self._in_string = True
            return start
        if token in _OPENS:
            self._keep(before)
            if self._depth == 1:
                self._read_member()
            self._depth += 1
        elif token in _CLOSES:
            self._keep(before)
            self._depth -= 1
            self._members += self._depth <= 1
            if self._depth == 0:
                self._end_member()
        elif self._depth == 1:
            self._keep(before)
            self._end_member()
        return end

    def _keep(self, text: bytes) -> None:
        self._member += text[: _LONGEST_MEMBER - len(self._member)]

    def _end_member(self) -> None:
        self._members += 1
        self._read_member()
        self._member.clear()

    def _read_member(self) -> None:
        """Take notice of a member, of which the value may still be to come."""
        found = _MEMBER.match(self._member.replace(_NEXT_LINE, b"\n"))
        if found is None:
            return
        with suppress(ValueError):
            key = json.loads(found[1])
            self.has_method |= key == "method"
            self.has_outcome |= key in {"result", "error"}
            if key == "id":
                self.id = _as_id(json.loads(found[2]))


def _as_id(value: object) -> str | int | None:
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None
