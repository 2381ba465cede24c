"""The tools and the prompt that ask for input by round trips, as the conformance suite expects them (2026-07-28)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ClientCapabilities

_KEY = secrets.token_bytes(32)
_PREFIX = "test_input_required_result_"

Given = Mapping[str, Any] | None
"""The answers that came with a request, by the keys under which they were asked for."""


def asking(message: str, field: str, kind: str = "string") -> dict[str, Any]:
    """Return a request for one field from the user."""
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}}


def sampling(text: str, most: int) -> dict[str, Any]:
    """Return a request for some words of the host's model."""
    message = {"role": "user", "content": {"type": "text", "text": text}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}}


NAME = asking("What is your name?", "name")
ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}

ROUNDS: dict[str, list[dict[str, Any]]] = {
    "elicitation": [{"user_name": NAME}],
    "sampling": [{"capital_question": sampling("What is the capital of France?", 100)}],
    "list_roots": [{"client_roots": ROOTS}],
    "request_state": [{"confirm": asking("Please confirm", "ok", "boolean")}],
    "multiple_inputs": [
        {"user_name": NAME, "greeting": sampling("Generate a greeting", 50), "client_roots": ROOTS},
    ],
    "multi_round": [
        {"step1": asking("Step 1: What is your name?", "name")},
        {"step2": asking("Step 2: What is your favorite color?", "color")},
    ],
    "tampered_state": [{"confirm": asking("Please confirm", "ok", "boolean")}],
    "capabilities": [{"user_name": NAME, "greeting": sampling("Generate a greeting", 50)}],
}
"""By tool: what each round asks for."""
_STATEFUL = {"request_state", "multiple_inputs", "multi_round", "tampered_state"}

TOOLS = [f"{_PREFIX}{name}" for name in ROUNDS]
PROMPT = f"{_PREFIX}prompt"
_CONTEXT = {"user_context": asking("What context should the prompt use?", "context")}


def tool_round(tool: str, given: Given, state: str | None, able: ClientCapabilities | None) -> dict[str, Any]:
    """Return the next round of a tool, or its result once all rounds are answered.

    Raises:
        MCPError: the state is not one that we gave.
    """
    name = tool.removeprefix(_PREFIX)
    rounds = ROUNDS[name]
    done = _opened(state) if state is not None else 0
    asked = rounds[min(done, len(rounds) - 1)]
    answered = asked.keys() <= valid(given or {}).keys() and (name not in _STATEFUL or state is not None)
    if answered and done + 1 < len(rounds):
        return _required(rounds[done + 1], _sealed(done + 1))
    if answered:
        return {"content": [{"type": "text", "text": _words(name, given or {})}]}
    wanted = {key: each for key, each in asked.items() if _is_able(able, each["method"])}
    return _required(wanted, _sealed(done) if name in _STATEFUL else None)


def prompt_round(given: Given) -> dict[str, Any]:
    """Return the prompt, or the question for its context."""
    context = valid(given or {}).get("user_context")
    if context is None:
        return _required(_CONTEXT, None)
    text = f"With the context: {context}"
    return {"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}


def valid(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that are answers: each has what one of its kind has."""
    kinds = ("action", "roots", "content", "model")
    return {
        key: value for key, value in given.items() if isinstance(value, dict) and any(kind in value for kind in kinds)
    }


def _words(name: str, given: Mapping[str, Any]) -> str:
    if name == "elicitation":
        return f"Hello, {given['user_name'].get('content', {}).get('name', 'stranger')}!"
    if name == "request_state":
        return "state-ok"
    return f"Done with {dict(given)}"


def _required(requests: Mapping[str, Any], state: str | None) -> dict[str, Any]:
    kept = {} if state is None else {"requestState": state}
    return {"resultType": "input_required", "inputRequests": dict(requests), **kept}


def _is_able(able: ClientCapabilities | None, method: str) -> bool:
    if able is None:
        return True
    declared = {
        "elicitation/create": able.elicitation,
        "sampling/createMessage": able.sampling,
        "roots/list": able.roots,
    }
    return declared[method] is not None


def _sealed(done: int) -> str:
    return f"{done}.{hmac.new(_KEY, str(done).encode(), hashlib.sha256).hexdigest()}"


def _opened(state: str) -> int:
    done = state.partition(".")[0]
    if not done.isdigit() or not hmac.compare_digest(state, _sealed(int(done))):
        raise MCPError(INVALID_PARAMS, "the request state is not one that this server gave")
    return int(done)
