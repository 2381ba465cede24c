"""What lies in a folder of the model cache, and how to see that it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.recipe import Recipe
from mcp_toolweaver.embeddings.runtime import PART

FORMAT = 2
"""The first one took a graph for that of the weights beside it without comparing them."""
FILE = "manifest.json"
_SEAL = "sha256"
FULL = "model.onnx"
SMALL = "model-int8.onnx"
TOKENIZER = "tokenizer.json"

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""Any other error, such as too many open files, says nothing about a file."""


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
    lacking: str = ""
    """Why there is no graph in 8 bits; empty where there is one."""
    libraries: Mapping[str, str] = field(default_factory=dict[str, str])
    """The versions of what made it."""


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder."""
    told = {"format": FORMAT, **asdict(manifest)}
    (folder / FILE).write_text(json.dumps({**told, _SEAL: _sealed(told)}), encoding="utf-8")


def read(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None where there is none that makes sense.

    Raises:
        Unavailable: it cannot be read just now.
    """
    try:
        given = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if not is_object(given) or given.get("format") != FORMAT:
            return None
        told = {key: value for key, value in given.items() if key != _SEAL}
        return _parsed(told) if given.get(_SEAL) == _sealed(told) else None
    except (*_ABSENT, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise _unreadable(folder / FILE, error) from error


def damaged(folder: Path, manifest: Manifest, names: Collection[str]) -> str | None:
    """Return the name of the first file that is not as it was written; None if all are. Reads them whole.

    With the full graph belong the files of its numbers, if they are not in it.

    Raises:
        Unavailable: one cannot be read just now.
    """
    numbers = manifest.files.keys() - {FULL, SMALL, TOKENIZER} if FULL in names else set[str]()
    whole = [*names, *sorted(numbers)]
    return next((name for name in whole if digest(folder / name) != manifest.files.get(name)), None)


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, in hexadecimal; None if it is not there.

    Raises:
        Unavailable: it cannot be read just now.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except _ABSENT:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _sealed(told: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that a manifest says."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(PART, f"{path} cannot be read ({error.strerror})")


def _parsed(given: Mapping[str, Any]) -> Manifest | None:
    files, probes, libraries = given["files"], given["probes"], given["libraries"]
    if not is_object(files) or not is_object(probes) or not all(is_array(vector) for vector in probes.values()):
        return None
    recipe, lacking = Recipe(**given["recipe"]), str(given["lacking"])
    return Manifest(str(given["weights"]), recipe, dict(files), dict(probes), lacking, dict(libraries))
