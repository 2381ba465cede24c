"""A text as every runtime gets it, so that all of them see the same."""

from __future__ import annotations

_CHARACTERS_A_PIECE = 16
"""A model that sees 256 word pieces sees the same 4,096 characters of a megabyte in every runtime."""


def prepared(text: str, max_length: int) -> str:
    """Return a text that every tokenizer takes: never empty, valid Unicode, bounded before it is cut into pieces.

    Args:
        text: Any string, lone surrogates included.
        max_length: How many word pieces the model sees.
    """
    start = text[: max_length * _CHARACTERS_A_PIECE]
    return start.encode("utf-8", errors="replace").decode() if start.strip() else " "
