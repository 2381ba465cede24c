"""An MCP server on stdio whose answers and processes go wrong in ways that only bytes and signals can.

It needs nothing but the standard library, and speaks the handshake of 2025-06-18. Which tool is called decides
what goes wrong.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

_NAMES = ("echo", "large", "unended", "raw", "batch", "scream", "orphan", "leave", "deaf", "names")
_TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in _NAMES]
_SLEEP = (
    "import signal, sys, time\nif 'deaf' in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
)


def _send(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _answer(request_id: Any, result: Any) -> None:
    _send(json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}).encode() + b"\n")


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


def _large(request_id: Any, size: int, *, first: bool = True, end: bool = True) -> None:
    """Answer with a text of so many bytes, with the id before or behind it."""
    where = b'"id":' + json.dumps(request_id).encode()
    _send(b'{"jsonrpc":"2.0",' + (where + b"," if first else b"") + b'"result":{"content":[{"type":"text","text":"')
    for _ in range(size // 65_536):
        _send(b'x\\"y}' * 13_107)  # 5 * 13107 = 65535
    _send(b'"}]}' + (b"" if first else b"," + where) + (b"}\n" if end else b""))


def _orphan(pids: str, *, deaf: bool) -> None:
    """Leave behind what has left our session by a double fork, and holds our pipes; and a plain child."""
    command = [sys.executable, "-I", "-S", "-c", _SLEEP, *(["deaf"] if deaf else [])]
    plain = subprocess.Popen(command)
    _note(pids, plain.pid)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _note(pids, os.getpid())
            os.execv(command[0], command)
        os._exit(0)
    os.wait3(0)


def _note(pids: str, pid: int) -> None:
    with Path(pids).open("a", encoding="utf-8") as file:
        file.write(f"{pid}\n")


def _unended(request_id: Any) -> NoReturn:
    while True:
        _large(request_id, 65_536, end=False)


def _raw(request_id: Any, text: str, times: int = 1) -> None:
    _send(text.replace("ID", json.dumps(request_id)).encode("latin-1") * times)


def _batch(request_id: Any) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}
    _send(json.dumps([note, {"jsonrpc": "2.0", "id": request_id, "result": _text("of a batch")}]).encode() + b"\n")


def _deaf(request_id: Any) -> None:
    """Answer, and from then on hear neither of our stdin nor SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _answer(request_id, _text("deaf"))
    time.sleep(600)


_SPECIAL: dict[str, Callable[..., None]] = {
    "large": _large,
    "unended": _unended,
    "raw": _raw,
    "batch": _batch,
    "deaf": _deaf,
}


def _scream(size: int) -> None:
    for _ in range(size // 65_536):
        sys.stderr.buffer.write(b"no secret here " * 4369 + b"\n")
    sys.stderr.flush()


def _call(request_id: Any, name: str, arguments: Mapping[str, Any]) -> None:
    if name in _SPECIAL:
        _SPECIAL[name](request_id, **arguments)
        return
    if name == "scream":
        _scream(**arguments)
    if name == "orphan":
        _orphan(arguments["pids"], deaf=arguments.get("deaf", False))
    if name == "names":
        sys.stderr.write(f"the key is {os.environ['API_KEY']}\n")
        sys.stderr.flush()
    _answer(request_id, _text(name))
    if name == "leave":
        os._exit(7)


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin.buffer:
        message: dict[str, Any] = json.loads(line)
        params: dict[str, Any] = message.get("params") or {}
        method, request_id = message.get("method"), message.get("id")
        if method == "initialize":
            server = {"name": "wild", "version": "1"}
            _answer(request_id, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": server})
        elif method == "tools/list":
            _answer(request_id, {"tools": _TOOLS})
        elif method == "tools/call":
            _call(request_id, params["name"], params.get("arguments") or {})
        elif request_id is not None:
            error = {"code": -32601, "message": "no such method"}
            _send(json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode() + b"\n")


if __name__ == "__main__":
    main()
