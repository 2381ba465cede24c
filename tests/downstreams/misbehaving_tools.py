"""What the misbehaving servers list: one tool for each way in which a call can go."""

from __future__ import annotations

from typing import Any

ANYTHING: dict[str, Any] = {"type": "object", "properties": {"nonce": {"type": "string"}}}
HIDDEN = "Ad\u200bds \u202enumbers\u202c.\x1b[31m\x07 Fine\U000e0041\U000e0042."
"""A description with zero-width, bidirectional, control and tag characters, and an escape sequence."""

WAYS = {
    "echo": "Answer with the text and the nonce.",
    "slow": "Answer after some seconds.",
    "crash_before": "End before anything was done.",
    "crash_after": "Do it, then end without an answer.",
    "hang": "Do it, and never answer.",
    "twice": "Answer twice.",
    "wrong_id": "Answer another request than the one that was asked.",
    "unknown_id": "Answer a request that nobody made, then the right one.",
    "noise": "Print what is no message, then answer.",
    "flood": "Write much to stderr, then answer.",
    "big": "Answer with as many bytes as asked for.",
    "unfinished": "Begin an answer and end in the midst of it.",
    "bad_utf8": "Answer with bytes that are no text.",
    "malformed": "Answer with what is no JSON.",
    "rich": "Answer with everything that a result can hold.",
    "empty": "Answer with an empty object.",
    "refuse": "Answer with a protocol error.",
    "progress": "Tell of progress, then answer.",
    "log": "Send log messages, then answer.",
    "elicit": "Ask the user for a name, then answer.",
    "sample": "Ask the host's model, then answer.",
    "roots": "Ask for the host's folders, then answer.",
    "add": "Add a tool.",
    "drop": "Drop a tool.",
    "rename": "Rename a tool.",
    "grandchild": "Start a process that outlives this one.",
}


def tool(name: str, description: str, schema: Any = ANYTHING, **rest: Any) -> dict[str, Any]:
    """Return a definition as it goes over the wire."""
    return {"name": name, "description": description, "inputSchema": schema, **rest}


def well_formed() -> list[Any]:
    """Return a tool for each way in which a call can go."""
    return [tool(name, description) for name, description in WAYS.items()]


def odd(*, malformed: bool, arrays: bool, large: bool, hidden: bool) -> list[Any]:
    """Return the tools whose definitions are wrong, huge or not what they seem."""
    tools: list[Any] = []
    if malformed:
        tools += [
            {"description": "It has no name.", "inputSchema": {"type": "object"}},
            "not an object at all",
            tool("typeless", "Its schema has no type.", {"properties": {"nonce": {"type": "string"}}}),
            tool("listed", "Its schema is of an array.", {"type": "array"}),
        ]
    if arrays:
        tools += [tool("out_listed", "Its output is an array.", outputSchema={"type": "array"})]
    if large:
        tools += [tool("huge_schema", "Takes one of very many things.", _huge_schema())]
        tools += [tool("long_story", f"Tells. {'And then it went on and on. ' * 500}")]
    return [*tools, *([tool("hidden", HIDDEN)] if hidden else [])]


def _huge_schema() -> dict[str, Any]:
    """Return a schema of about 43 kB, the largest that was seen in the wild."""
    fields = {f"field_{number:03}": {"type": "string", "description": "x" * 120} for number in range(250)}
    return {"type": "object", "properties": {"nonce": {"type": "string"}, **fields}}
