"""What must not be loaded: a model is data, and nothing in its folder may run as code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.runtime import PART

_TRUSTED = "sentence_transformers."
_PICKLED = ("pytorch_model*.bin", "adapter_model*.bin")
_SAFE = "*.safetensors"


def check_folder(folder: Path) -> None:
    """Look at a model's folder before any library does.

    Raises:
        Unavailable: it has no weights, or would run code; the message says what to do.
    """
    if not folder.is_dir():
        raise Unavailable(PART, f"there is no model in {folder}")
    parts = _parts(folder)
    foreign = [kind for kind, _path in parts if not kind.startswith(_TRUSTED)]
    if foreign:
        raise Unavailable(PART, f"the model in {folder} brings code of its own ({foreign[0]}), which is never run")
    places = {folder, *(folder / path for _kind, path in parts)}
    pickled = [place for place in sorted(places) if _has(place, _PICKLED) and not _has(place, [_SAFE])]
    if pickled:
        raise Unavailable(
            PART, f"the weights in {pickled[0]} are pickled, and could run code; take a model with model.safetensors"
        )
    if not any(_has(place, [_SAFE]) for place in places):
        raise Unavailable(PART, f"there are no weights (model.safetensors) in {folder}; get the model again")


def _parts(folder: Path) -> list[tuple[str, str]]:
    """Return the class and the folder of each module of the model."""
    path = folder / "modules.json"
    if not path.is_file():  # a bare transformer
        return []
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unavailable(PART, f"{path} is damaged ({error}); get the model again") from error
    given = [module for module in modules if is_object(module)] if is_array(modules) else []
    return [(str(module.get("type")), str(module.get("path") or "")) for module in given]


def _has(folder: Path, patterns: Iterable[str]) -> bool:
    return any(next(folder.glob(pattern), None) is not None for pattern in patterns)
