"""A model made ready for ONNX Runtime by a child process, and put into the model cache as a whole."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import anyio

from mcp_toolweaver.core.children import ChildFailed, run_module
from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import manifest, refusals
from mcp_toolweaver.embeddings.identity import Identity
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.weights import verify

_log = logging.getLogger(__name__)

_BUILD = "mcp_toolweaver.embeddings.onnx_runtime.build"
_CANNOT = "the model cannot be prepared for ONNX Runtime"
_SCRATCH = "making-"
_FORGOTTEN = 3600.0
"""Seconds after which what a killed process left half-made is removed."""


def is_current(known: Manifest) -> bool:
    """Whether the libraries that are here would make nothing better."""
    return not known.lacking or known.libraries == refusals.libraries()


async def make(models: Path, identity: Identity, on_step: Callable[[str], None]) -> Manifest:
    """Make a model and put it into the cache, in the place of one that is damaged.

    Several processes may do so at once; the first one's is kept.

    Raises:
        Unusable: it cannot be made of these weights with these libraries; the message says why.
        Unavailable: it could not be made.
    """
    if identity.weights is None:
        raise Unusable(PART, "the weights of the model are not on this machine any more")
    known = await run_in_thread(refusals.refusal, models, identity.name)
    if known is not None:
        raise Unusable(PART, f"{_CANNOT}: {known} (to try again, remove {models / refusals.FILE})")
    await run_in_thread(verify, identity.weights)
    try:
        scratch = await run_in_thread(_scratch, models)
    except OSError as error:
        raise Unavailable(PART, f"{models} cannot be written ({error})") from error
    try:
        await _build(identity, identity.weights.folder, scratch, on_step)
        return await run_in_thread(_put, scratch, models / identity.name)
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_thread(_remove, scratch)


async def _build(identity: Identity, weights: Path, scratch: Path, on_step: Callable[[str], None]) -> None:
    _log.info("%s: preparing the model, once: later starts will find it in %s", PART, scratch.parent)
    refused: list[str] = []

    def hear(line: str) -> None:
        if line.startswith(refusals.MARK):
            refused.append(line.removeprefix(refusals.MARK))
        else:
            on_step(line)

    try:
        await run_module(_BUILD, str(weights), str(scratch), identity.digest, on_line=hear)
    except (ChildFailed, OSError) as error:
        if refused:
            await run_in_thread(refusals.refuse, scratch.parent, identity.name, refused[-1])
            raise Unusable(PART, f"{_CANNOT}: {refused[-1]}") from error
        raise Unavailable(PART, f"{_CANNOT}: {error}") from error


def _scratch(models: Path) -> Path:
    models.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in models.glob(f"{_SCRATCH}*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if time.time() - left.stat().st_mtime > _FORGOTTEN:
                _remove(left)
    return Path(mkdtemp(prefix=_SCRATCH, dir=models))


def _put(scratch: Path, folder: Path) -> Manifest:
    """Put what was made in place, unless another process was quicker."""
    there = _sound(folder)
    if there is not None and is_current(there):
        return there
    try:
        _swap(scratch, folder)
    except OSError as error:
        if (there := _sound(folder)) is None:
            raise Unavailable(PART, f"{folder} cannot be written ({error})") from error
        return there
    ready = manifest.read(folder)
    if ready is None:
        raise Unavailable(PART, f"{folder} cannot be read")
    return ready


def _sound(folder: Path) -> Manifest | None:
    """Return what is in a folder, if all of it is whole."""
    known = manifest.read(folder)
    return known if known is not None and manifest.damaged(folder, known, known.files) is None else None


def _swap(scratch: Path, folder: Path) -> None:
    """Put one folder in the place of another, which is back if that fails."""
    aside = scratch.with_name(f"{scratch.name}-replaced")
    has_moved = folder.exists()
    if has_moved:
        folder.rename(aside)
    try:
        scratch.rename(folder)
    except OSError:
        if has_moved and not folder.exists():
            aside.rename(folder)
        raise
    finally:
        _remove(aside)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
