"""In which line of a file each key stands; parsers do not say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mcp_toolweaver.config.toml_lines import Steps, toml_places
from mcp_toolweaver.text.jsonc import plain_json

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def places(text: str) -> Iterator[tuple[Steps, int, int]]:
    """Yield each value of a JSON text, with the line that it or its key stands in, and the number of what holds it.

    The text may have comments. Of one that is not valid, what is yielded may be wrong, and nothing is raised.
    """
    plain = plain_json(text)
    steps, inside, line, scanned = list[str | int](), list[str](), 1, 0
    numbers, awaits_key = list[int](), False
    for token in _TOKEN.finditer(plain):
        line += plain.count("\n", scanned, token.start())
        scanned, sign = token.start(), token.group()
        if inside and inside[-1] == "[" and sign not in {"]", ","}:
            yield tuple(steps), line, numbers[-1]
        if sign in {"{", "["}:
            inside.append(sign)
            numbers.append(token.start())
            steps.append(0 if sign == "[" else "")
            awaits_key = sign == "{"
        elif sign in {"}", "]"} and inside:
            inside.pop()
            numbers.pop()
            steps.pop()
            awaits_key = False
        elif sign == "," and inside:
            last = steps[-1]
            steps[-1] = last + 1 if isinstance(last, int) else ""
            awaits_key = inside[-1] == "{"
        elif awaits_key and sign.startswith('"'):
            steps[-1], awaits_key = _unquoted(sign), False
            yield tuple(steps), line, numbers[-1]


def lines_of(text: str, *, is_toml: bool = False) -> dict[str, int]:
    """Return the line of each key, written as problems write it: ``mcpServers.github.args[1]``."""
    found = toml_places(text) if is_toml else ((steps, line) for steps, line, _holder in places(text))
    return {written(steps): line for steps, line in found}


def twice(text: str) -> Iterator[tuple[Steps, list[int]]]:
    """Yield the keys that are there more than once in one object, with the lines of all."""
    found: dict[tuple[int, Steps], list[int]] = {}
    for steps, line, number in places(text):
        if isinstance(steps[-1], str):
            found.setdefault((number, steps), []).append(line)
    yield from ((steps, lines) for (_number, steps), lines in found.items() if len(lines) > 1)


def nearest(lines: dict[str, int], key: str) -> int | None:
    """Return the line of a key; of one that is not there, that of what should hold it."""
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return lines.get(key)


def written(steps: Steps) -> str:
    """Return the way to a value as problems write it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _unquoted(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token.strip('"')
