"""What a SentenceTransformer folder says about its model, read without loading it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.model_folder import is_absence
from mcp_toolweaver.embeddings.runtime import PART

Pooling: TypeAlias = Literal["mean", "cls"]

_PLAIN_MODULES = {"Transformer", "Pooling", "Normalize"}
"""The parts of a model whose vectors are as long as its hidden states."""
_POOLINGS: dict[str, Pooling] = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")
_LONGEST = 512
_ENDLESS = 1_000_000
"""What tokenizers without a limit say is more."""
_WRAPPERS = ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
_AFTER_PADDING = {
    *("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "roberta-prelayernorm", "xmod"),
    *("data2vec-text", "ibert", "longformer", "luke", "lilt"),
}
"""Kinds of models that count positions from the one after padding's, so that of 514 they use 512."""
_STATES = {"method": "forward", "method_output_name": "last_hidden_state"}


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
    """Return the recipe of the model in a folder; None if it needs more than pooling, or says too little.

    Raises:
        Unavailable: it cannot be read just now.
    """
    config = _object(folder / "config.json")
    size = config.get("hidden_size")
    pooling = _pooling(folder)
    wrapper = _wrapper(folder)
    if pooling is None or not _is_plain(wrapper) or not isinstance(size, int) or size < 1:
        return None
    limits = [_limit(wrapper) or _limit(_object(folder / "tokenizer_config.json")), _positions(config)]
    query, document = prompts(folder)
    return Recipe(size, min(filter(None, limits), default=_LONGEST), pooling, query, document)


def prompts(folder: Path) -> tuple[str, str]:
    """Return what the model wants to read before a query, and before a document."""
    given = _object(folder / "config_sentence_transformers.json").get("prompts")
    if not is_object(given):
        return "", ""
    document = next((given[name] for name in _DOCUMENT_PROMPTS if given.get(name)), "")
    query = given.get("query") or ""
    return query if isinstance(query, str) else "", document if isinstance(document, str) else ""


def _wrapper(folder: Path) -> dict[str, Any]:
    """Return what sentence-transformers adds to a transformer, from where its versions wrote it."""
    for kind in _WRAPPERS:
        if found := _object(folder / f"sentence_{kind}_config.json"):
            return found
    return {}


def _is_plain(wrapper: Mapping[str, Any]) -> bool:
    """Tell whether the hidden states of texts are what is pooled."""
    task, kinds = wrapper.get("transformer_task"), wrapper.get("modality_config")
    reads_texts = kinds is None or (is_object(kinds) and kinds.get("text") == _STATES)
    return task in (None, "feature-extraction") and reads_texts and wrapper.get("do_lower_case") is not True


def _limit(given: Mapping[str, Any]) -> int | None:
    """Return how many word pieces a tokenizer is told to keep; what it is told when it is made comes first."""
    made_with = [given[name] for name in ("processor_kwargs", "tokenizer_args") if is_object(given.get(name))]
    told = [part.get("model_max_length") for part in (*made_with, given)]
    counts = map(_count, (*told, given.get("max_seq_length"), given.get("max_len")))
    return next((count for count in counts if count), None)


def _positions(config: Mapping[str, Any]) -> int | None:
    count = _count(config.get("max_position_embeddings"))
    if count is None or config.get("model_type") not in _AFTER_PADDING:
        return count
    padding = config.get("pad_token_id", 1)
    return max(1, count - padding - 1) if isinstance(padding, int) else count


def _count(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 1 <= value <= _ENDLESS else None


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
    if given.get("include_prompt") is False:
        return None
    chosen = given.get(
        "pooling_mode", [_POOLINGS.get(key, key) for key, value in given.items() if _is_chosen(key, value)]
    )
    names = chosen if is_array(chosen) else [chosen]
    return next((pooling for pooling in _POOLINGS.values() if names == [pooling]), None)


def _is_chosen(key: str, value: Any) -> bool:
    """Tell whether a kind of pooling is on, as up to version 5 of sentence-transformers wrote it."""
    return key.startswith("pooling_mode_") and value is True


def _object(path: Path) -> dict[str, Any]:
    value = _read(path)
    return dict(value) if is_object(value) else {}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    except OSError as error:
        if is_absence(error):
            return None
        raise Unavailable(PART, f"{path} cannot be read just now ({error})") from error
