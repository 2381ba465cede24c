"""What a SentenceTransformer folder says about its model, read without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mcp_toolweaver.core.json_values import is_array, is_object

Pooling: TypeAlias = Literal["mean", "cls"]

_PLAIN_MODULES = {"Transformer", "Pooling", "Normalize"}
"""The parts of a model whose vectors are as long as its hidden states."""
_POOLINGS: dict[str, Pooling] = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the hidden states of a transformer become a vector."""

    dimension: int
    max_length: int
    """Word pieces that the model sees, the special ones included."""
    pooling: Pooling
    query_prompt: str = ""
    document_prompt: str = ""


def read_recipe(folder: Path) -> Recipe | None:
    """Return the recipe of the model in a folder; None if it needs more than pooling, or says too little."""
    config = _object(folder / "config.json")
    size = config.get("hidden_size")
    pooling = _pooling(folder)
    wrapper = _object(folder / "sentence_bert_config.json")
    if pooling is None or wrapper.get("do_lower_case") is True or not isinstance(size, int) or size < 1:
        return None
    limit = wrapper.get("max_seq_length")
    seen = config.get("max_position_embeddings")
    longest = min((value for value in (limit, seen) if isinstance(value, int) and value > 0), default=_LONGEST)
    query, document = prompts(folder)
    return Recipe(size, longest, pooling, query, document)


def prompts(folder: Path) -> tuple[str, str]:
    """Return what the model wants to read before a query, and before a document."""
    given = _object(folder / "config_sentence_transformers.json").get("prompts")
    if not is_object(given):
        return "", ""
    document = next((given[name] for name in _DOCUMENT_PROMPTS if given.get(name)), "")
    query = given.get("query") or ""
    return query if isinstance(query, str) else "", document if isinstance(document, str) else ""


def _pooling(folder: Path) -> Pooling | None:
    """Return the one kind of pooling that the model does after its transformer, if that is all it does."""
    modules = _read(folder / "modules.json")
    if not is_array(modules):
        return None
    parts = [module for module in modules if is_object(module)]
    kinds = [str(part.get("type")).rpartition(".")[2] for part in parts]
    if "Transformer" not in kinds or "Pooling" not in kinds or not set(kinds) <= _PLAIN_MODULES:
        return None
    given = _object(folder / str(parts[kinds.index("Pooling")].get("path")) / "config.json")
    chosen = [key for key, value in given.items() if key.startswith("pooling_mode_") and value is True]
    if given.get("include_prompt") is False or len(chosen) != 1:
        return None
    return _POOLINGS.get(chosen[0])


def _object(path: Path) -> dict[str, Any]:
    value = _read(path)
    return dict(value) if is_object(value) else {}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
