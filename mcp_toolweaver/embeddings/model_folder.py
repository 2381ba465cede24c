"""A folder with a model: which of its files count, and what is wrong with them, read without any library.

A model is data: what would have to run as code, its own classes or pickled weights, is never loaded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.weights_headers import damage, external, is_inside, shards

SAFETENSORS = "model.safetensors"
INDEX = "model.safetensors.index.json"
GRAPH = "onnx/model.onnx"
MODULES = "modules.json"

_FIRST_MODULE = "0_*"
"""Where a model keeps its transformer that does not keep it beside ``modules.json``."""
_READING = ("config.json", "tokenizer.json")
_TRUSTED = "sentence_transformers."
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_ABSENT = {None, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP}
_NEVER_READ = "which may run code and are never read: convert them to safetensors"


def lacking(names: Collection[str]) -> list[str]:
    """Return what a model with files of these names, relative to its folder, lacks, as sentences."""
    found: list[str] = []
    if not _has(names, "config.json") and not _has(names, f"{_FIRST_MODULE}/{SAFETENSORS}"):
        found.append("it has no config.json")
    if not _has(names, "tokenizer.json"):
        found.append("it has no tokenizer.json")
    if not any(_has(names, name) for name in (SAFETENSORS, INDEX, GRAPH)):
        pickled = sorted(name for name in names if _matches(name, _PICKLED))
        found.append(
            f"it has pickled weights only ({pickled[0]}), {_NEVER_READ}"
            if pickled
            else f"it has no weights: neither {SAFETENSORS} nor {GRAPH}"
        )
    return found


def check_folder(folder: Path) -> list[str]:
    """Return what is wrong with a SentenceTransformer folder, as sentences; nothing for one that can be used.

    Raises:
        Unavailable: it cannot be read just now.
    """
    try:
        return lacking(files_in(folder)) + _faulty_parts(folder) or list(filter(None, map(damage, _weights(folder))))
    except OSError as error:
        raise _unreadable(folder, error) from error


def files_in(folder: Path) -> list[str]:
    """Return the names of all files in a folder, relative to it; none where there is no such folder.

    Raises:
        OSError: it cannot be read.
    """
    found: list[str] = []
    for place, _folders, names in os.walk(folder, onerror=_raise_unless_gone):
        below = Path(place).relative_to(folder)
        found += [(below / name).as_posix() for name in names if Path(place, name).is_file()]
    return found


def is_absence(error: OSError) -> bool:
    """Tell whether there is no such file, and not merely no way to read it just now."""
    return error.errno in _ABSENT


def tensor_files(folder: Path) -> list[Path]:
    """Return the files with the weights that torch reads, in order; those that are missing too."""
    for place in (folder, *sorted(folder.glob(_FIRST_MODULE))):
        if (place / SAFETENSORS).is_file():
            return [place / SAFETENSORS]
        if (place / INDEX).is_file():
            return [place / INDEX, *(place / shard for shard in shards(place / INDEX))]
    return []


def graph_files(folder: Path) -> list[Path]:
    """Return a model's own ONNX graph, and what holds its numbers if that is not itself; those that are missing too."""
    graph = folder / GRAPH
    return [graph, *(graph.parent / name for name in external(graph) or [])] if graph.is_file() else []


def weights_files(folder: Path) -> list[Path]:
    """Return the files that make the weights what they are, in order: of safetensors if they are there, else of ONNX.

    Raises:
        Unavailable: they cannot be read just now.
    """
    try:
        return _weights(folder)
    except OSError as error:
        raise _unreadable(folder, error) from error


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of the weights in a folder, which takes a while.

    Raises:
        Unusable: there are none.
        Unavailable: they cannot be read just now.
    """
    files = weights_files(folder)
    if not files:
        raise Unusable(PART, f"the model in {folder} cannot be used: {'; '.join(lacking(()))}")
    try:
        return _digest(files)
    except OSError as error:
        raise _unreadable(folder, error) from error


def reading_digest(folder: Path) -> str:
    """Return the SHA-256 of what else decides on a vector: how a text is cut into pieces, and how layers compute.

    Raises:
        Unavailable: it cannot be read just now.
    """
    places = (folder, *sorted(folder.glob(_FIRST_MODULE)))
    try:
        found = [path for place in places for name in _READING if (path := place / name).is_file()]
        return _digest(found)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _weights(folder: Path) -> list[Path]:
    """Return the first kind of weights of which all is there, or the first of which something is."""
    kinds = [files for files in (tensor_files(folder), graph_files(folder)) if files]
    whole = [files for files in kinds if all(path.is_file() for path in files)]
    return (whole or kinds or [[]])[0]


def _has(names: Collection[str], wanted: str) -> bool:
    return any(_matches(name, (wanted, f"{_FIRST_MODULE}/{wanted}")) for name in names)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _faulty_parts(folder: Path) -> list[str]:
    """Return what is wrong with the parts that a model consists of, as sentences."""
    try:
        modules = json.loads((folder / MODULES).read_bytes())
    except (FileNotFoundError, NotADirectoryError):  # a bare transformer, or nothing at all
        return []
    except (ValueError, RecursionError):
        modules = None
    if not is_array(modules):
        return [f"{folder / MODULES} is damaged"]
    return [said for part in modules if is_object(part) and (said := _faulty_part(folder, part))]


def _faulty_part(folder: Path, part: Mapping[str, Any]) -> str | None:
    kind, path = str(part.get("type")), str(part.get("path") or "")
    if not kind.startswith(_TRUSTED):
        return f"it brings code of its own ({kind}), which is never run"
    if path and not is_inside(path.removesuffix("/")):
        return f"{folder / MODULES} names a part outside of its folder ({path})"
    names = [each.name for each in (folder / path).glob("*")] if path else []
    if kind.endswith(".Pooling") and not (folder / path / "config.json").is_file():
        return f"{folder / path / 'config.json'} is missing"
    if any(_matches(name, _PICKLED) for name in names) and not _has(names, "*.safetensors"):
        return f"the weights in {folder / path} are pickled, {_NEVER_READ}"
    return None


def _raise_unless_gone(error: OSError) -> None:
    if not is_absence(error):
        raise error


def _unreadable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(PART, f"the model in {folder} cannot be read just now ({error})")
