"""An MCP server on stdio that misbehaves on demand and keeps a ledger of what it did.

Run it as ``python -m tests.downstreams.misbehaving`` with the root of the repository in ``PYTHONPATH``. The tool that
is called decides how a call goes (`misbehaving_tools.WAYS`); the options decide what goes wrong elsewhere. It speaks
2025-06-18, or 2026-07-28 with ``--era modern``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.downstreams import misbehaving_tools
from tests.downstreams.misbehaving_calls import Call, die, run
from tests.downstreams.misbehaving_peer import SERVER_INFO, SUBSCRIPTION, Ledger, Peer

_LEGACY = "2025-06-18"
_MODERN = "2026-07-28"
_UNSUPPORTED_VERSION = -32022
_METHOD_NOT_FOUND = -32601
_IDENTITY = {"name": "misbehaving", "version": "1"}
_CACHE = {"ttlMs": 0, "cacheScope": "private"}


class Server:
    """Answers requests; each call of a tool goes in a thread of its own."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._peer = Peer(Ledger(options.ledger))
        self._peer.is_modern = options.era == "modern"
        self._tools = [
            *misbehaving_tools.odd(
                malformed=options.malformed, arrays=options.arrays, large=options.large, hidden=options.hidden
            ),
            *misbehaving_tools.well_formed(),
        ]
        if options.only:
            self._tools = [each for each in misbehaving_tools.well_formed() if each["name"] in options.only]

    def serve(self) -> None:
        """Answer until the input ends, or for ever."""
        self._peer.ledger.note(started=os.getpid())
        if self._options.noise:
            self._peer.raw(b"Starting up...\n\n[1, 2]\ncaf\xe9 \xff\xfe\n")
        if self._options.hang_at == "start":
            time.sleep(3600)
        for line in sys.stdin.buffer:
            self._receive(json.loads(line))
        self._peer.ledger.note(ended=os.getpid())
        while self._options.ignore_eof:
            time.sleep(3600)

    def _receive(self, message: Mapping[str, Any]) -> None:
        method = message.get("method")
        params: Mapping[str, Any] = message.get("params") or {}
        if method is None:
            self._peer.answered(message)
            return
        self._peer.ledger.note(method=method, **({"cancelled": params} if method.endswith("/cancelled") else {}))
        if method == self._options.die_at:
            die(f"cannot bear {method}")
        if "id" in message and method != self._options.hang_at:
            self._answer(message["id"], method, params)

    def _answer(self, request_id: Any, method: str, params: Mapping[str, Any]) -> None:
        if method == "tools/call":
            arguments: Mapping[str, Any] = params.get("arguments") or {}
            call = Call(self._peer, self._tools, request_id, str(params.get("name")), arguments, params)
            threading.Thread(target=run, args=[call], daemon=True).start()
        elif method == "subscriptions/listen" and self._peer.is_modern:
            self._listen(request_id)
        elif method == "initialize" and self._peer.is_modern:
            supported = {"supported": [_MODERN], "requested": params.get("protocolVersion")}
            error = {"code": _UNSUPPORTED_VERSION, "message": "unsupported protocol version", "data": supported}
            self._peer.send(id=request_id, error=error)
        else:
            self._simple(request_id, method)

    def _simple(self, request_id: Any, method: str) -> None:
        capabilities = {"tools": {"listChanged": True}, "logging": {}}
        cache = _CACHE if self._peer.is_modern else {}
        results: dict[str, Mapping[str, Any]] = {"tools/list": {"tools": self._tools, **cache}, "ping": {}}
        if self._peer.is_modern:
            discovered = {"supportedVersions": [_MODERN], "capabilities": capabilities, "instructions": "For tests."}
            results["server/discover"] = {**discovered, **cache, "_meta": {SERVER_INFO: _IDENTITY}}
        else:
            greeting = {"protocolVersion": _LEGACY, "capabilities": capabilities, "serverInfo": _IDENTITY}
            results["initialize"] = {**greeting, "instructions": "For tests."}
            results["logging/setLevel"] = {}
        if method in results:
            self._peer.result(request_id, results[method])
        else:
            self._peer.error(request_id, _METHOD_NOT_FOUND, f"no such method: {method}")

    def _listen(self, request_id: Any) -> None:
        """Accept to tell of changes; the request stays open."""
        self._peer.subscription = request_id
        told = {"_meta": {SUBSCRIPTION: request_id}, "notifications": {"toolsListChanged": True}}
        self._peer.notify("notifications/subscriptions/acknowledged", told)


def main(arguments: Sequence[str]) -> None:
    """Serve with the misbehaviour that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", help="file to write each call, message and start to")
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    parser.add_argument("--exit-at-once", action="store_true", help="complain on stderr and exit with 3")
    parser.add_argument("--die-at", help="method to die of without an answer")
    parser.add_argument("--hang-at", help="method never to answer; or start: read nothing at all")
    parser.add_argument("--noise", action="store_true", help="print on stdout what is no message, and no text")
    parser.add_argument("--malformed", action="store_true", help="list malformed tools besides the others")
    parser.add_argument("--arrays", action="store_true", help="list a tool whose output is an array")
    parser.add_argument("--large", action="store_true", help="list a tool with a huge schema, and a long description")
    parser.add_argument("--hidden", action="store_true", help="list a tool with hidden characters in its description")
    parser.add_argument("--only", nargs="*", help="list these of the well-formed tools alone")
    parser.add_argument("--ignore-eof", action="store_true", help="stay when the input has ended")
    parser.add_argument("--ignore-term", action="store_true", help="ignore SIGTERM")
    options = parser.parse_args(arguments)
    if options.exit_at_once:
        Ledger(options.ledger).note(started=os.getpid())
        die("API_KEY is not set")
    if options.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Server(options).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
