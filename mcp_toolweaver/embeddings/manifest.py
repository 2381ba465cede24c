"""What lies in a folder of the model cache, and how to see that it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.recipe import Recipe

FORMAT = 1
FILE = "manifest.json"
FULL = "model.onnx"
SMALL = "model-int8.onnx"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model, ready to be run without torch."""

    weights: str
    """The SHA-256 of the weights that it was made from."""
    recipe: Recipe
    files: Mapping[str, str]
    """The SHA-256 of each file."""
    probes: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    """A few texts and their normalized vectors as the weights' own library makes them."""


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)})
    (folder / FILE).write_text(text, encoding="utf-8")


def read(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None where there is none that we can read."""
    try:
        given = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return _parsed(given) if is_object(given) and given.get("format") == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def damaged(folder: Path, manifest: Manifest, names: Sequence[str]) -> str | None:
    """Return the name of the first file that is not as it was written; None if all are. Reads them whole."""
    return next((name for name in names if digest(folder / name) != manifest.files.get(name)), None)


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, in hexadecimal; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _parsed(given: Mapping[str, Any]) -> Manifest | None:
    files, probes = given["files"], given["probes"]
    if not is_object(files) or not is_object(probes) or not all(is_array(vector) for vector in probes.values()):
        return None
    return Manifest(str(given["weights"]), Recipe(**given["recipe"]), dict(files), dict(probes))
