"""A folder with a model: which of its files count, and what is wrong with them, read without any library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.errors import Unusable
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.embeddings.runtime import PART

SAFETENSORS = "model.safetensors"
INDEX = "model.safetensors.index.json"
GRAPH = "onnx/model.onnx"
MODULES = "modules.json"

_FIRST_MODULE = "0_*"
"""Where a model keeps its transformer that does not keep it beside ``modules.json``."""
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_LONGEST_HEADER = 100_000_000
"""Bytes; the format allows no longer one."""
_LENGTH = 8
"""Bytes of the number that a safetensors file starts with."""


def lacking(names: Collection[str]) -> list[str]:
    """Return what a model with files of these names, relative to its folder, lacks, as sentences."""
    found: list[str] = []
    if not _has(names, "config.json") and not _has(names, f"{_FIRST_MODULE}/{SAFETENSORS}"):
        found.append("it has no config.json")
    if not _has(names, "tokenizer.json"):
        found.append("it has no tokenizer.json")
    if not any(_has(names, name) for name in (SAFETENSORS, INDEX, GRAPH)):
        pickled = sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in _PICKLED))
        found.append(
            f"it has pickled weights only ({pickled[0]}), which may run code and are never read: "
            "convert them to safetensors"
            if pickled
            else f"it has no weights: neither {SAFETENSORS} nor {GRAPH}"
        )
    return found


def check_folder(folder: Path) -> list[str]:
    """Return what is wrong with a SentenceTransformer folder, as sentences; nothing for one that can be used."""
    try:
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        found = [*lacking(names), *_unpooled(folder)]
        return found or [said for path in weights_files(folder) if (said := _damage(path))]
    except OSError as error:
        return [f"it cannot be read ({error})"]


def is_complete(folder: Path, names: Collection[str]) -> bool:
    """Whether the files of these names in a folder are all that a model needs."""
    return not lacking(names) and not _unpooled(folder)


def weights_files(folder: Path) -> list[Path]:
    """Return the files that make the weights what they are, in order: of safetensors if there are any, else of ONNX."""
    for place in (folder, *sorted(folder.glob(_FIRST_MODULE))):
        if (place / SAFETENSORS).is_file():
            return [place / SAFETENSORS]
        if (place / INDEX).is_file():
            return [place / INDEX, *(place / shard for shard in _shards(place / INDEX))]
    return [path for path in (folder / GRAPH, folder / f"{GRAPH}_data") if path.is_file()]


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of the weights in a folder, which takes a while.

    Raises:
        Unusable: there are none, or they cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = weights_files(folder)
        for path in files:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    except OSError as error:
        raise Unusable(PART, f"the weights in {folder} cannot be read ({error})") from error
    if not files:
        raise Unusable(PART, f"the model in {folder} cannot be used: {'; '.join(lacking(()))}")
    return digest.hexdigest()


def _has(names: Collection[str], wanted: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in (wanted, f"{_FIRST_MODULE}/{wanted}"))


def _unpooled(folder: Path) -> list[str]:
    """Return which part of a model is named by it and is not there, as sentences."""
    try:
        modules = _json((folder / MODULES).read_bytes())
    except FileNotFoundError:
        return []
    if not is_array(modules):
        return [f"{folder / MODULES} is damaged"]
    pooling = [part.get("path") for part in modules if is_object(part) and str(part.get("type")).endswith(".Pooling")]
    files = [folder / str(path) / "config.json" for path in pooling]
    return [f"{file} is missing" for file in files if not file.is_file()]


def _shards(index: Path) -> list[str]:
    """Return the names of the files that an index speaks of; none where it is damaged."""
    table = _json(index.read_bytes())
    places = table.get("weight_map") if is_object(table) else None
    return sorted({str(name) for name in places.values()}) if is_object(places) else []


def _damage(path: Path) -> str | None:
    """Return what is wrong with one file of weights."""
    if not path.is_file():
        return f"{path} is missing"
    size = path.stat().st_size
    if path.name == INDEX:
        return None if _shards(path) else f"{path} is damaged"
    if path.suffix != ".safetensors":
        return None if size else f"{path} is empty"
    whole = _declared_size(path)
    if whole is None:
        return f"{path} is damaged: it does not start like a safetensors file"
    if size < whole:
        return f"{path} is cut off: it has {size:,} of {whole:,} bytes"
    return None if size == whole else f"{path} is damaged: it has {size:,} bytes and should have {whole:,}"


def _declared_size(path: Path) -> int | None:
    """Return how long a safetensors file says that it is; None if it is none."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        header = _json(file.read(length)) if 0 < length <= _LONGEST_HEADER else None
    if not is_object(header):
        return None
    return _LENGTH + length + max(map(_end, header.values()), default=0)


def _end(entry: Any) -> int:
    """Return where a tensor ends; 0 for the header's entry that is none."""
    offsets = entry.get("data_offsets") if is_object(entry) else None
    end = offsets[-1] if is_array(offsets) and offsets else None
    return end if isinstance(end, int) else 0


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
