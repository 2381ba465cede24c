"""A result within the tokens that a model should get at once, and the whole text that it was cut from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.paging.boundaries import boundary
from mcp_toolweaver.proxy.paging.compact import compact, length
from mcp_toolweaver.proxy.paging.pruning import Pruning
from mcp_toolweaver.text.tokens import reach

_BETWEEN = "\n\n"
"""What stands between the texts of several blocks, where they are read on."""
_LONGEST_COMPARED = 1_000_000
_TRIES = 4
_LESS = 0.8


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a result, and what there was."""

    payload: dict[str, Any]
    whole: str
    """The text of all of it: that of the blocks one after the other, then structured content that is none of them."""
    shown: int
    """Characters of ``whole`` that the model gets, from the beginning."""
    losses: tuple[str, ...] = ()
    """Where structured content was shortened."""
    structured_at: int | None = None
    """Where it begins in ``whole``, if it is not the text of a block."""


def size(payload: Mapping[str, Any], *, most: int) -> int:
    """Return about how many characters of text a result has; no more is read than takes ``most``."""
    texts = sum(len(text) for _place, text in _texts(payload))
    structured = length(payload["structuredContent"], most=most) if "structuredContent" in payload else 0
    return max(texts, structured)


def cut(payload: Mapping[str, Any], max_tokens: int, output_schema: Any = None) -> Cut | None:
    """Return the result within so many tokens of text, and of structured content; None if it is."""
    texts = [text for _place, text in _texts(payload)]
    structured = payload.get("structuredContent")
    is_json = len(texts) == 1 and _is_text_of(texts[0], structured)
    json_text = compact(structured) if is_object(structured) or is_array(structured) else ""
    pruned, losses = _pruned(structured, json_text, max_tokens, output_schema)
    if is_json and (losses or not _fits(texts[0], max_tokens)):
        return _cut_json({**payload}, pruned, json_text, losses)
    whole = _BETWEEN.join([*texts, json_text] if losses else texts)
    content, shown = _cut_texts(payload, max_tokens)
    if not losses and shown is None:
        return None
    made = {**payload, "content": content} | ({"structuredContent": pruned} if losses else {})
    texts_end = len(_BETWEEN.join(texts))
    at = texts_end + len(_BETWEEN) * bool(texts) if losses else None
    return Cut(made, whole, texts_end if shown is None else shown, tuple(losses), at)


def _texts(payload: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of each block of text, those of embedded resources included."""
    content = payload.get("content")
    for place, block in enumerate(content if is_array(content) else []):
        text = _text(block)
        if text is not None:
            yield place, text


def _text(block: Any) -> str | None:
    held = block.get("resource") if is_object(block) and block.get("type") == "resource" else block
    text = held.get("text") if is_object(held) else None
    return text if isinstance(text, str) else None


def _with_text(block: dict[str, Any], text: str) -> dict[str, Any]:
    if block.get("type") == "resource":
        return {**block, "resource": {**block["resource"], "text": text}}
    return {**block, "text": text}


def _cut_texts(payload: Mapping[str, Any], max_tokens: int) -> tuple[list[Any], int | None]:
    """Return the blocks, of whose texts the first so many tokens are left, and how many characters these are."""
    given = payload.get("content")
    content: list[Any] = given if is_array(given) else []
    texts = dict(_texts(payload))
    whole = _BETWEEN.join(texts.values())
    end = reach(whole, 0, max_tokens)
    if end >= len(whole):
        return content, None
    shown, begins = boundary(whole, 0, end), 0
    made: list[Any] = []
    for place, block in enumerate(content):
        text = texts.get(place)
        if text is None or begins + len(text) <= shown:
            made.append(block)
        elif begins < shown:
            made.append(_with_text(block, text[: shown - begins]))
        begins += 0 if text is None else len(text) + len(_BETWEEN)
    return made, shown


def _cut_json(payload: dict[str, Any], pruned: Any, json_text: str, losses: list[str]) -> Cut:
    """Return a result whose text is that of its structured content, and stays so."""
    text = compact(pruned) if losses else json_text
    content = [_with_text(block, text) if _text(block) is not None else block for block in payload["content"]]
    made = payload | {"content": content} | ({"structuredContent": pruned} if losses else {})
    return Cut(made, json_text, _alike(text, json_text), tuple(losses))


def _pruned(value: Any, json_text: str, max_tokens: int, schema: Any) -> tuple[Any, list[str]]:
    room = reach(json_text, 0, max_tokens)
    if room >= len(json_text):
        return value, []
    pruning, made = Pruning(), value
    for _try in range(_TRIES):
        pruning = Pruning()
        made = pruning.shortened(value, room, schema)
        if _fits(compact(made), max_tokens):
            break
        room = int(room * _LESS)
    return made, pruning.losses


def _alike(text: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    differing = (place for place, (one, two) in enumerate(zip(text, other, strict=False)) if one != two)
    return next(differing, min(len(text), len(other)))


def _fits(text: str, max_tokens: int) -> bool:
    return reach(text, 0, max_tokens) >= len(text)


def _is_text_of(text: str, structured: Any) -> bool:
    """Whether a text is the JSON text of the structured content; of a very long one its ends are enough."""
    if not (is_object(structured) or is_array(structured)):
        return False
    first, last = text[:100].lstrip()[:1], text[-100:].rstrip()[-1:]
    if first + last != ("{}" if is_object(structured) else "[]"):
        return False
    if len(text) > _LONGEST_COMPARED:
        name = next(iter(structured), "") if is_object(structured) else ""
        return not name or re.match(r"\s*\{\s*" + re.escape(json.dumps(name)), text[:10_000]) is not None
    try:
        return bool(json.loads(text) == structured)
    except (ValueError, RecursionError):
        return False
