"""Which model is meant, and the name of its vectors, without loading it."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.model_folder import reading_digest, weights_digest, weights_files
from mcp_toolweaver.embeddings.recipe import Recipe, read_recipe
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.weights import Weights, check, find_weights

_log = logging.getLogger(__name__)

_MEMO = "known.json"
_SHOWN = 32
_one_at_a_time = threading.Lock()
"""Several parts ask at the start, and what one of them found out the others need not."""


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


def identify(model: str, models: Path, *, needs_graph: bool = False) -> Identity | None:
    """Return the model that a setting means; None if it is not on this machine.

    Reading the weights takes a while, so that their digest is kept beside the models, by the state of their files.

    Args:
        model: The name of a model, or the folder it lies in.
        models: The folder of the model cache.
        needs_graph: As for `find_weights`.

    Raises:
        Unusable: what is here is damaged.
        Unavailable: it cannot be read just now.
    """
    with _one_at_a_time:
        memo = _read(models / _MEMO)
        weights = find_weights(model, needs_graph=needs_graph)
        if weights is None:
            return _remembered(memo.get(f"model {model}"), models)
        check(weights)
        key = _key(weights.folder)
        digest = _digest(memo.get(key), weights.folder)
        recipe = read_recipe(weights.folder)
        found = Identity(_name(digest, reading_digest(weights.folder), recipe), digest, recipe, weights)
        _remember(models / _MEMO, memo, {key: {"digest": digest}, f"model {model}": {"name": found.name}})
        return found


def _digest(known: Any, folder: Path) -> str:
    digest = known.get("digest") if is_object(known) else None
    return digest if isinstance(digest, str) else weights_digest(folder)


def _name(digest: str, reading: str, recipe: Recipe | None) -> str:
    told = json.dumps([digest, reading, asdict(recipe) if recipe else None], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:_SHOWN]


def _remembered(entry: Any, models: Path) -> Identity | None:
    name = entry.get("name") if is_object(entry) else None
    made = manifest.read(models / name) if isinstance(name, str) else None
    return None if made is None else Identity(str(name), made.weights, made.recipe, None)


def _key(folder: Path) -> str:
    """Name the state that the weights' files are in; a copy that keeps the time of the change is another file."""
    try:
        told = json.dumps([_state(path) for path in weights_files(folder)])
    except OSError as error:
        raise Unavailable(PART, f"the weights in {folder} cannot be read just now ({error})") from error
    return f"files {hashlib.sha256(told.encode(errors='replace')).hexdigest()}"


def _state(path: Path) -> tuple[str, int, int, int, int]:
    state = path.stat()
    return str(path.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(value) if is_object(value) else {}


def _remember(path: Path, memo: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if all(memo.get(key) == value for key, value in new.items()):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix=f"{path.name}.", dir=path.parent, delete=False
        ) as scratch:
            json.dump({**memo, **new}, scratch)
        _replace(Path(scratch.name), path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); the weights are read again at each start", path, error)


def _replace(scratch: Path, path: Path) -> None:
    try:
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
