"""Which model is meant, and the name of its vectors, without loading it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.model_folder import weights_digest, weights_files
from mcp_toolweaver.embeddings.recipe import Recipe, read_recipe
from mcp_toolweaver.embeddings.weights import Weights, find_weights

_log = logging.getLogger(__name__)

_MEMO = "known.json"
_SHOWN = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """A model that is on this machine."""

    name: str
    """Equal for equal weights, read in the same way, on any machine."""
    digest: str
    """The SHA-256 of its weights."""
    recipe: Recipe | None
    """None for a model that only its own library can run."""
    weights: Weights | None
    """None where nothing is left of it but what was made of them."""


def identify(model: str, models: Path) -> Identity | None:
    """Return the model that a setting means; None if it is not on this machine.

    Reading the weights takes a while, so that their digest is kept beside the models, by size and time of change.

    Args:
        model: The name of a model, or the folder it lies in.
        models: The folder of the model cache.

    Raises:
        Unavailable: what is here is damaged.
    """
    memo = _read(models / _MEMO)
    weights = find_weights(model)
    if weights is None:
        return _remembered(memo.get(f"model {model}"), models)
    digest, key = None, _key(weights.folder)
    if is_object(known := memo.get(key)):
        digest = known.get("digest")
    if not isinstance(digest, str):
        digest = weights_digest(weights.folder)
    recipe = read_recipe(weights.folder)
    found = Identity(_name(digest, recipe), digest, recipe, weights)
    _remember(models / _MEMO, memo, {key: {"digest": digest}, f"model {model}": {"name": found.name}})
    return found


def _name(digest: str, recipe: Recipe | None) -> str:
    told = json.dumps([digest, asdict(recipe) if recipe else None], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:_SHOWN]


def _remembered(entry: Any, models: Path) -> Identity | None:
    name = entry.get("name") if is_object(entry) else None
    made = manifest.read(models / name) if isinstance(name, str) else None
    return None if made is None else Identity(str(name), made.weights, made.recipe, None)


def _key(folder: Path) -> str:
    """Name the state that the weights' files are in."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in weights_files(folder)]
    return f"files {hashlib.sha256(json.dumps(stats).encode(errors='replace')).hexdigest()}"


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(value) if is_object(value) else {}


def _remember(path: Path, memo: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if all(memo.get(key) == value for key, value in new.items()):
        return
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch.write_text(json.dumps({**memo, **new}), encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); the weights are read again at each start", path, error)
