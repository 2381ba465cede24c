"""From a folder to a model on a device. Nothing is downloaded, and every error says what to do."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.installed import INSTALL
from mcp_toolweaver.embeddings.model_folder import SAFETENSORS, check_folder, tensor_files
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.torch_runtime.devices import read_torch, refusal
from mcp_toolweaver.embeddings.torch_runtime.failures import OutOfMemory, first_line, is_damage, is_out_of_memory
from mcp_toolweaver.embeddings.torch_runtime.model import Encoder, LoadedModel

_LIBRARIES = ("torch", "transformers.utils.logging", "sentence_transformers")


def open_model(folder: Path, device: str, *, half: bool | None, threads: int | None) -> LoadedModel:
    """Load a model from its folder.

    Args:
        folder: A SentenceTransformer folder.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        half: Whether to compute in 16 bits. None does so on a GPU, unless the model's numbers do not fit into them.
            Of the two kinds of 16 bits it is the one with the longer fraction: the cosine with 32 bits is
            0.999998, against 0.9999 with the other.
        threads: How many of the CPU's to use; None leaves that to torch.

    Raises:
        Unavailable: the model is missing or damaged, or the device cannot be used; the message says what to do.
    """
    is_gpu = device != "cpu"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true" if is_gpu else "false")  # a GPU waits for its words
    _import_libraries()
    with _translated(folder, device):
        refused = refusal(device, read_torch())
        if threads is not None and not is_gpu:
            import_module("torch").set_num_threads(threads)
    if refused or (refused := _unfit(folder)):
        raise Unavailable(PART, refused)
    if is_gpu if half is None else half:
        model = _loaded(folder, device, is_half=True)
        if half or _is_sound(model):
            return model
    return _loaded(folder, device, is_half=False)


def _import_libraries() -> None:
    try:
        for library in _LIBRARIES:
            import_module(library)
    except ModuleNotFoundError as error:
        reason = f"the embedding libraries are not installed ({error.name} is missing)"
        raise Unavailable(PART, f"{reason}; get them with: {INSTALL}") from error
    except Exception as error:  # a library of the system that is missing, or versions that do not go together
        raise Unavailable(PART, f"torch cannot be imported: {first_line(error)}; install it anew") from error


def _unfit(folder: Path) -> str | None:
    """Return why torch cannot read what is in a folder; None if it can."""
    if found := check_folder(folder):
        return f"the model in {folder} cannot be used: {'; '.join(found)}"
    if not tensor_files(folder):
        return f"the model in {folder} has no weights that torch reads ({SAFETENSORS})"
    return None


def _loaded(folder: Path, device: str, *, is_half: bool) -> LoadedModel:
    torch: Any = import_module("torch")
    import_module("transformers.utils.logging").disable_progress_bar()
    with _translated(folder, device):
        encoder: Encoder = import_module("sentence_transformers").SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float16 if is_half else torch.float32},
        )
        place = _place(torch, device)
    return LoadedModel(encoder, device, f"torch, fp{16 if is_half else 32}, {place}")


@contextmanager
def _translated(folder: Path, device: str) -> Generator[None]:
    """Say in words what the libraries raise, which is nearly anything."""
    try:
        yield
    except Exception as error:
        raise Unavailable(PART, _refused(folder, device, error)) from error


def _refused(folder: Path, device: str, error: Exception) -> str:
    if is_out_of_memory(error):
        return f"{device} has no memory for the model in {folder}; free some, or take a smaller model"
    if is_damage(error):
        return f"the model in {folder} is damaged or half-downloaded ({first_line(error)}); get it again"
    return f"the model in {folder} cannot be loaded to {device}: {first_line(error)}"


def _is_sound(model: LoadedModel) -> bool:
    """Tell whether a model computes numbers; the first batch of a GPU is slow as well."""
    try:
        return bool(np.isfinite(model.encode(["hello"], "")).all())
    except OutOfMemory:
        raise model.exhausted() from None


def _place(torch: Any, device: str) -> str:
    if device == "cpu":
        threads = torch.get_num_threads()
        return f"{threads} thread{'s' if threads > 1 else ''} of the CPU"
    return str(torch.cuda.get_device_name(device)) if device.startswith("cuda") else "Apple GPU"
