"""An MCP server on stdio, written by hand so that it can misbehave in ways that no library allows.

It speaks newline-delimited JSON-RPC and the handshake of 2025-06-18, and needs nothing but
the standard library. Which tool is called decides how a call goes; the options decide
what goes wrong elsewhere.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

_METHOD_NOT_FOUND = -32601
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

_TEXT_ARGUMENT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
_NUMBER_RESULT = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}

_TOOLS: tuple[dict[str, Any], ...] = (
    {"name": "echo", "description": "Say it again.", "inputSchema": _TEXT_ARGUMENT},
    {
        "name": "rich",
        "description": "Answer with everything that a result can hold.",
        "inputSchema": {"type": "object"},
    },
    {
        "name": "liar",
        "description": "Promise a number and return a word.",
        "inputSchema": {"type": "object"},
        "outputSchema": _NUMBER_RESULT,
    },
    {"name": "refuse", "description": "Answer with a protocol error.", "inputSchema": {"type": "object"}},
    {"name": "crash", "description": "Die in the middle of the call.", "inputSchema": {"type": "object"}},
    {"name": "hang", "description": "Never answer.", "inputSchema": {"type": "object"}},
    {"name": "grow", "description": "Add a tool and say so.", "inputSchema": {"type": "object"}},
    {"name": "leave", "description": "Answer, then end.", "inputSchema": {"type": "object"}},
    {"name": "empty", "description": "Answer with an empty object.", "inputSchema": {"type": "object"}},
)

_MALFORMED: tuple[Any, ...] = (
    {"name": "typeless", "description": "Its schema has no type.", "inputSchema": {"properties": {"a": {}}}},
    {"description": "It has no name.", "inputSchema": {"type": "object"}},
    "not an object at all",
    {"name": "listed", "inputSchema": {"type": "array"}},
    {"name": "trimmed", "description": "Its icons are wrong.", "inputSchema": {"type": "object"}, "icons": [5]},
)


class Refused(Exception):
    """The request is answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """Answers one request after the other."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._tools: list[Any] = [*_TOOLS, *(_MALFORMED if options.malformed else ())]
        self._is_leaving = False

    def serve(self) -> None:
        """Answer until the input ends."""
        for line in sys.stdin.buffer:
            message = json.loads(line)
            method = str(message.get("method"))
            self._note(method)
            if method == self._options.die_at:
                _die("raw_stdio: fatal: I do not know that question")
            if "id" in message and method != self._options.hang_at:
                self._answer(message["id"], method, message.get("params") or {})
            if self._is_leaving:
                return

    def _answer(self, request_id: Any, method: str, params: Mapping[str, Any]) -> None:
        try:
            result = self._result(method, params)
        except Refused as error:
            _send({"id": request_id, "error": {"code": error.code, "message": str(error)}})
            return
        if result is not None:
            _send({"id": request_id, "result": result})

    def _result(self, method: str, params: Mapping[str, Any]) -> Any:
        if method == "initialize":
            return {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "raw", "version": "1"},
                "instructions": "A server for tests.",
            }
        if method == "tools/list":
            return self._page(params.get("cursor"))
        if method == "tools/call":
            return self._call(str(params["name"]), params.get("arguments") or {})
        raise Refused(_METHOD_NOT_FOUND, f"no such method: {method}")

    def _page(self, cursor: str | None) -> dict[str, Any]:
        size, start = self._options.page_size or len(self._tools), int(cursor or 0)
        page: dict[str, Any] = {"tools": self._tools[start : start + size]}
        return page if start + size >= len(self._tools) else {**page, "nextCursor": str(start + size)}

    def _call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if self._options.ledger:
            with Path(self._options.ledger).open("a", encoding="utf-8") as ledger:
                ledger.write(json.dumps({"tool": name, "arguments": arguments}) + "\n")
        if name == "crash":
            _die("raw_stdio: fatal: crashed on purpose")
        if name == "refuse":
            raise Refused(-32042, "the moon is in the wrong phase")
        if name == "grow":
            self._tools.append({"name": "grown", "inputSchema": {"type": "object"}})
            _send({"method": "notifications/tools/list_changed"})
        self._is_leaving = name == "leave"
        return None if name == "hang" else _RESULTS.get(name, _text(f"{name}: {json.dumps(arguments)}"))

    def _note(self, method: str) -> None:
        if self._options.methods:
            with Path(self._options.methods).open("a", encoding="utf-8") as methods:
                methods.write(f"{method}\n")


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


_RESULTS: dict[str, Any] = {
    "rich": {
        "content": [{"type": "text", "text": "half done"}, {"type": "image", "data": _PIXEL, "mimeType": "image/png"}],
        "structuredContent": {"done": 0.5, "nested": {"list": [1, None, "x"]}},
        "isError": True,
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "raw"}, "example.com/trace": "t-1"},
    },
    "liar": {**_text("seven"), "structuredContent": {"number": "seven"}},
    "empty": {},
}


def _send(message: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    sys.stdout.buffer.flush()


def _die(last_words: str) -> NoReturn:
    sys.stderr.write(f"{last_words}\n")
    sys.stderr.flush()
    os._exit(3)


def main(arguments: Sequence[str]) -> None:
    """Serve with the misbehaviour that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", help="file to write each call to, before it is answered")
    parser.add_argument("--methods", help="file to write the method of each message to")
    parser.add_argument("--pid", help="file to write the process id to")
    parser.add_argument("--exit-at-once", action="store_true", help="complain on stderr and exit with 3")
    parser.add_argument("--die-at", help="method to die of without an answer")
    parser.add_argument("--hang-at", help="method never to answer")
    parser.add_argument("--noise", action="store_true", help="print on stdout what is no message")
    parser.add_argument("--bad-utf8", action="store_true", help="print on stdout what is no text")
    parser.add_argument("--flood", action="store_true", help="write a megabyte to stderr")
    parser.add_argument("--malformed", action="store_true", help="list malformed tools besides the others")
    parser.add_argument("--page-size", type=int, default=0, help="tools in a page of the list")
    options = parser.parse_args(arguments)
    if options.pid:
        with Path(options.pid).open("a", encoding="utf-8") as pids:
            pids.write(f"{os.getpid()}\n")
    if options.exit_at_once:
        _die("raw_stdio: fatal: API_KEY is not set")
    _make_noise(options)
    Server(options).serve()


def _make_noise(options: argparse.Namespace) -> None:
    if options.noise:
        sys.stdout.buffer.write(b"Starting up...\n\n[1, 2]\n")
    if options.bad_utf8:
        sys.stdout.buffer.write(b"caf\xe9 \xff\xfe\n")
    sys.stdout.buffer.flush()
    if options.flood:
        for _ in range(64):
            sys.stderr.write("x" * 16_000 + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
