"""The first sentence or two of a description: what a search result has room for."""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s+")
_MARKUP = re.compile(r"[`*#]+|</?(?:b|i|em|strong|code|pre|p|br|ul|ol|li|a|h\d|div|span)\b[^<>]{0,200}>", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z0-9\"'(\[])|(?<=[\u3002\uff01\uff1f])"
)  # ... and their fullwidth forms
_ARGUMENTS = re.compile(
    r"\n[ \t]{0,16}(?:args|arguments|parameters|params|returns|examples?)[ \t]{0,16}:?[ \t]{0,16}\r?\n", re.IGNORECASE
)
_PREFERRED = 160


def summarize(description: str, *, longest: int = 240) -> str:
    """Return one or two sentences without markup or line breaks, at most ``longest`` characters."""
    prose = _ARGUMENTS.split(f"{description[:4000]}\n", maxsplit=1)[0]
    plain = _SPACE.sub(" ", _MARKUP.sub("", prose)).strip()
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(plain, maxsplit=2) if sentence.strip()] or [""]
    summary = sentences[0]
    if len(sentences) > 1 and len(summary) + len(sentences[1]) < _PREFERRED:
        summary = f"{summary} {sentences[1]}"
    return summary if len(summary) <= longest else summary[: longest - 1].rstrip() + "…"
