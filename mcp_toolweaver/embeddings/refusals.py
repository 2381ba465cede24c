"""Models that the libraries which are here cannot make ready, so that no later start tries it again."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.embeddings.installed import find_installed

FILE = "refused.json"
MARK = "refused: "
"""What the line starts with by which a child says that it would fail again."""

_log = logging.getLogger(__name__)

_PACKAGE = "mcp-toolweaver"
_MAKERS = ("onnxruntime", "tokenizers", "onnx", "torch", "sentence_transformers")


def libraries() -> Mapping[str, str]:
    """Return the version of each library that has a part in making a model ready, ourselves included."""
    found = find_installed().versions
    return {_PACKAGE: _our_version(), **{name: found[name] for name in _MAKERS if name in found}}


def refusal(models: Path, name: str) -> str | None:
    """Return why a model cannot be made ready; None where it has not been tried with these versions.

    Args:
        models: The folder of the model cache.
        name: That of the model's identity.
    """
    entry = _read(models / FILE).get(name)
    if not is_object(entry) or entry.get("libraries") != libraries():
        return None
    return str(entry.get("reason"))


def refuse(models: Path, name: str, reason: str) -> None:
    """Remember why a model cannot be made ready with the versions that are here."""
    path = models / FILE
    scratch = path.with_name(f"{FILE}.{os.getpid()}")
    entry = {"reason": reason, "libraries": dict(libraries())}
    try:
        scratch.write_text(json.dumps({**_read(path), name: entry}), encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); what failed is tried again at each start", path, error)


def _our_version() -> str:
    try:
        return metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(value) if is_object(value) else {}
