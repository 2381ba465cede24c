"""Models made ready for ONNX Runtime, once each, in the model cache."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

from mcp_toolweaver.core.children import ChildFailed, run_module
from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.identity import Identity
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.weights import verify

_log = logging.getLogger(__name__)

_SCRATCH = "making-"
_FORGOTTEN = 3600.0
"""Seconds after which what a killed process left half-made is removed."""


def kept(models: Path, identity: Identity) -> Manifest | None:
    """Return what is in the cache for a model; None if nothing is."""
    return manifest.read(models / identity.name)


async def made(models: Path, identity: Identity, on_step: Callable[[str], None]) -> Manifest:
    """Return what is in the cache for a model, made if it is missing, which takes some ten seconds.

    Several processes may do so at once; the first one's is kept.

    Raises:
        Unavailable: it cannot be made; the message says why.
    """
    known = await run_in_thread(kept, models, identity)
    if known is not None:
        return known
    if identity.weights is None:
        raise Unusable(PART, "the weights of the model are not on this machine any more")
    await run_in_thread(verify, identity.weights)
    try:
        scratch = await run_in_thread(_scratch, models)
    except OSError as error:
        raise Unavailable(PART, f"{models} cannot be written ({error})") from error
    try:
        await _build(identity, identity.weights.folder, scratch, on_step)
        return await run_in_thread(_put, scratch, models / identity.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def whole(models: Path, identity: Identity, names: Sequence[str]) -> Path:
    """Return the folder of a model in which some files are whole; what was damaged is made again.

    Raises:
        Unavailable: it cannot be made; the message says why.
    """
    try:
        return await run_in_thread(checked, models, identity, names)
    except Unavailable as damage:
        _log.warning("%s", damage)
        await made(models, identity, _log.info)
        return await run_in_thread(checked, models, identity, names)


def checked(models: Path, identity: Identity, names: Sequence[str]) -> Path:
    """Return the folder of a model, of which some files were found to be whole.

    Raises:
        Unavailable: one is missing or damaged; the folder was removed.
    """
    folder = models / identity.name
    known = manifest.read(folder)
    bad = manifest.damaged(folder, known, names) if known else manifest.FILE
    if bad is not None:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(PART, f"{folder / bad} is missing or damaged, and is made again")
    return folder


async def _build(identity: Identity, weights: Path, scratch: Path, on_step: Callable[[str], None]) -> None:
    _log.info("search by meaning: preparing the model, once: later starts will find it in %s", scratch.parent)
    try:
        await run_module(
            "mcp_toolweaver.embeddings.onnx_runtime.build", str(weights), str(scratch), identity.digest, on_line=on_step
        )
    except (ChildFailed, OSError) as error:
        raise Unavailable(PART, f"the model cannot be prepared for ONNX Runtime: {error}") from error


def _scratch(models: Path) -> Path:
    models.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in models.glob(f"{_SCRATCH}*"):
        if time.time() - left.stat().st_mtime > _FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)
    return Path(mkdtemp(prefix=_SCRATCH, dir=models))


def _put(scratch: Path, folder: Path) -> Manifest:
    """Put what was made in place, unless another process was quicker."""
    if folder.exists() and manifest.read(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        scratch.rename(folder)
    except OSError as error:
        if manifest.read(folder) is None:
            raise Unavailable(PART, f"{folder} cannot be written ({error})") from error
    ready = manifest.read(folder)
    if ready is None:
        raise Unavailable(PART, f"{folder} cannot be read")
    return ready
