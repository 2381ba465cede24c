"""The other end of a raw connection: frames out, answers to our own requests in, and the ledger.

Nothing but the standard library, so that any byte can be sent.
"""

from __future__ import annotations

import itertools
import json
import queue
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 30.0
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


class Ledger:
    """A file with one line of JSON for each thing that happened; ``None`` keeps nothing."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._lock = threading.Lock()

    def note(self, **entry: Any) -> None:
        """Append one line, which is whole when this returns."""
        if self._path is None:
            return
        line = json.dumps({**entry, "at": time.time()}) + "\n"
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line)


class Peer:
    """Writes frames to stdout, one at a time, and waits for the answers to the requests among them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.is_modern = False
        self.subscription: Any = None
        """The id of the request that listens for changes, in the 2026-07-28 era."""
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, queue.Queue[Mapping[str, Any]]] = {}

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        with self._lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def send(self, **message: Any) -> None:
        """Write one message as a frame."""
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def result(self, request_id: Any, result: Mapping[str, Any]) -> None:
        """Answer a request; ``resultType`` is added where the era asks for it."""
        era = {"resultType": "complete"} if self.is_modern else {}
        self.send(id=request_id, result={**era, **result})

    def error(self, request_id: Any, code: int, message: str) -> None:
        """Answer a request with a protocol error."""
        self.send(id=request_id, error={"code": code, "message": message})

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Write a notification."""
        self.send(method=method, **({} if params is None else {"params": params}))

    def notify_changed(self, kind: str) -> None:
        """Say that a listing (``tools``, ``prompts``, ``resources``) has changed, in the way of the era."""
        meta = {"_meta": {SUBSCRIPTION: self.subscription}} if self.is_modern else None
        if not self.is_modern or self.subscription is not None:
            self.notify(f"notifications/{kind}/list_changed", meta)

    def ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request of our own and return the message that answers it, or one that says it was not."""
        number = f"ours-{next(self._numbers)}"
        answers = self._waiting[number] = queue.Queue[Mapping[str, Any]](maxsize=1)
        self.send(id=number, method=method, params=params)
        try:
            return answers.get(timeout=_ANSWER_SECONDS)
        except queue.Empty:
            return {"error": {"code": 0, "message": "no answer at all"}}
        finally:
            del self._waiting[number]

    def answered(self, message: Mapping[str, Any]) -> None:
        """Hand an answer to whoever waits for it."""
        waiting = self._waiting.get(str(message.get("id")))
        if waiting is not None:
            waiting.put(message)
