"""How a call goes at the misbehaving server: the name of the tool decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from tests.downstreams.misbehaving_peer import Peer
from tests.downstreams.misbehaving_tools import tool

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
CODE = -32042

_ELICIT: dict[str, Any] = {
    "message": "What is your name?",
    "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
}
_SAMPLE: dict[str, Any] = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "say hello"}}],
    "maxTokens": 20,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to run a tool."""

    peer: Peer
    tools: list[Any]
    id: Any
    name: str
    arguments: Mapping[str, Any]
    params: Mapping[str, Any]

    @property
    def nonce(self) -> str:
        return str(self.arguments.get("nonce", ""))

    def done(self) -> None:
        """Note in the ledger that the tool has run."""
        self.peer.ledger.note(ran=self.name, nonce=self.nonce, pid=os.getpid())

    def answer(self, text: str = "") -> None:
        """Answer as a server should; the nonce is in the text."""
        self.peer.result(self.id, said(f"{self.name} {self.nonce} {text}".strip()))


def said(text: str) -> dict[str, Any]:
    """Return a result of one text."""
    return {"content": [{"type": "text", "text": text}]}


def rich(nonce: str) -> dict[str, Any]:
    """Return a result that holds everything a result can hold."""
    return {
        "content": [
            {"type": "text", "text": f"rich {nonce}", "annotations": {"audience": ["user"], "priority": 0.5}},
            {"type": "image", "data": PIXEL, "mimeType": "image/png"},
            {"type": "audio", "data": SOUND, "mimeType": "audio/wav"},
            {"type": "resource_link", "uri": "test://linked", "name": "linked", "mimeType": "text/plain"},
            {"type": "resource", "resource": {"uri": "test://inside", "mimeType": "text/plain", "text": "inside"}},
        ],
        "structuredContent": {"half": 0.5, "nested": {"list": [1, None, "x"]}},
        "isError": True,
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "liar", "version": "9"}, "example.com/trace": "t-1"},
    }


def die(words: str) -> NoReturn:
    """End with a last line on stderr."""
    sys.stderr.write(f"misbehaving: fatal: {words}\n")
    sys.stderr.flush()
    os._exit(3)


def run(call: Call) -> None:
    """Let the call go as its tool's name says; one that is unknown is refused as servers do."""
    way = _WAYS.get(call.name)
    is_listed = any(is_named(each, call.name) for each in call.tools)
    if way is None or not is_listed:
        call.peer.error(call.id, -32602, f"Unknown tool: {call.name}")
    else:
        way(call)


def is_named(listed: Any, name: str) -> bool:
    """Whether an item of the list, which may be anything, is the tool of that name."""
    return isinstance(listed, dict) and cast("dict[str, Any]", listed).get("name") == name


def _crash_before(_call: Call) -> None:
    die("crashed before the call")


def _crash_after(call: Call) -> None:
    call.done()
    die("crashed after the call")


def _echo(call: Call) -> None:
    call.done()
    call.answer(str(call.arguments.get("text", "")))


def _slow(call: Call) -> None:
    call.done()
    time.sleep(float(call.arguments.get("seconds", 1)))
    call.answer()


def _hang(call: Call) -> None:
    call.done()


def _twice(call: Call) -> None:
    call.done()
    call.answer()
    call.answer("again")


def _wrong_id(call: Call) -> None:
    call.done()
    call.peer.result(f"{call.id}-not", said("for somebody else"))


def _unknown_id(call: Call) -> None:
    call.done()
    call.peer.result(987_654_321, said("for nobody"))
    call.peer.send(id=None, result=said("for nobody either"))
    call.answer()


def _noise(call: Call) -> None:
    call.done()
    call.peer.raw(b'Loading...\n\n[1, 2]\n{"not": "a message"}\n"text"\n\x1b[31mred\x1b[0m\n')
    call.answer()


def _flood(call: Call) -> None:
    call.done()
    for _ in range(512):
        sys.stderr.write("x" * 16_383 + "\n")
    call.answer()


def _big(call: Call) -> None:
    call.done()
    size = int(call.arguments.get("bytes", 1_000_000))
    head = json.dumps({"jsonrpc": "2.0", "id": call.id})[:-1]
    era = '"resultType": "complete", ' if call.peer.is_modern else ""
    frame = f'{head}, "result": {{{era}"content": [{{"type": "text", "text": "{"y" * size}"}}]}}}}\n'
    call.peer.raw(frame.encode())


def _unfinished(call: Call) -> None:
    call.done()
    call.peer.raw(json.dumps({"jsonrpc": "2.0", "id": call.id, "result": said("half")}).encode()[:-20])
    die("ended in the midst of an answer")


def _bad_utf8(call: Call) -> None:
    call.done()
    frame = json.dumps(
        {"jsonrpc": "2.0", "id": call.id, "result": {"resultType": "complete", **said("caf@ " + call.nonce)}}
    )
    call.peer.raw(frame.encode().replace(b"@", b"\xe9\xff") + b"\n")


def _malformed(call: Call) -> None:
    call.done()
    call.peer.raw(f'{{"jsonrpc": "2.0", "id": {json.dumps(call.id)}, "result": {{"content": [}}\n'.encode())


def _rich(call: Call) -> None:
    call.done()
    call.peer.result(call.id, rich(call.nonce))


def _empty(call: Call) -> None:
    call.done()
    call.peer.result(call.id, {})


def _refuse(call: Call) -> None:
    call.done()
    call.peer.error(call.id, CODE, "the moon is in the wrong phase")


def _progress(call: Call) -> None:
    call.done()
    meta: Mapping[str, Any] = call.params.get("_meta") or {}
    token = meta.get("progressToken")
    for step in range(1, 4):
        if token is not None:
            told: dict[str, Any] = {"progressToken": token, "progress": step, "total": 3, "message": f"step {step}"}
            call.peer.notify("notifications/progress", told)
        time.sleep(0.02)
    call.answer("told" if token is not None else "not asked")


def _log(call: Call) -> None:
    call.done()
    for level in ("debug", "info", "error"):
        call.peer.notify("notifications/message", {"level": level, "logger": "m", "data": f"{level} {call.nonce}"})
    call.answer()


def _asking(method: str, params: Mapping[str, Any]) -> Callable[[Call], None]:
    """Return a way that asks the host for something: by a request, or by a round trip of the 2026-07-28 era."""

    def ask(call: Call) -> None:
        if not call.peer.is_modern:
            call.done()
            reply = call.peer.ask(method, params)
            call.answer(json.dumps(reply.get("result") or reply.get("error")))
            return
        answers = call.params.get("inputResponses")
        if answers is None:
            asked = {"asked": {"method": method, "params": params}}
            state = f"state-{call.nonce}"
            call.peer.send(
                id=call.id, result={"resultType": "input_required", "inputRequests": asked, "requestState": state}
            )
            return
        call.done()
        call.answer(json.dumps([answers, call.params.get("requestState")]))

    return ask


def _changing(change: Callable[[list[Any], str], None]) -> Callable[[Call], None]:
    """Return a way that changes the list of tools, and says so unless it is asked to be quiet."""

    def changed(call: Call) -> None:
        call.done()
        change(call.tools, str(call.arguments.get("which", "")))
        if not call.arguments.get("quiet"):
            call.peer.notify_changed("tools")
        call.answer()

    return changed


def _added(tools: list[Any], name: str) -> None:
    tools.append(tool(name or "added", "Answer with the text and the nonce."))


def _dropped(tools: list[Any], name: str) -> None:
    tools[:] = [each for each in tools if each["name"] != name]


def _renamed(tools: list[Any], name: str) -> None:
    tools[:] = [{**each, "name": f"{name}_v2"} if each["name"] == name else each for each in tools]


def _grandchild(call: Call) -> None:
    call.done()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    call.answer(str(child.pid))


_WAYS: dict[str, Callable[[Call], None]] = {
    "echo": _echo,
    "added": _echo,
    "echo_v2": _echo,
    "typeless": _echo,
    "out_listed": _echo,
    "huge_schema": _echo,
    "long_story": _echo,
    "hidden": _echo,
    "slow": _slow,
    "crash_before": _crash_before,
    "crash_after": _crash_after,
    "hang": _hang,
    "twice": _twice,
    "wrong_id": _wrong_id,
    "unknown_id": _unknown_id,
    "noise": _noise,
    "flood": _flood,
    "big": _big,
    "unfinished": _unfinished,
    "bad_utf8": _bad_utf8,
    "malformed": _malformed,
    "rich": _rich,
    "empty": _empty,
    "refuse": _refuse,
    "progress": _progress,
    "log": _log,
    "elicit": _asking("elicitation/create", _ELICIT),
    "sample": _asking("sampling/createMessage", _SAMPLE),
    "roots": _asking("roots/list", {}),
    "add": _changing(_added),
    "drop": _changing(_dropped),
    "rename": _changing(_renamed),
    "grandchild": _grandchild,
}
