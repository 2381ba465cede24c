"""The model hub, by huggingface_hub: what its cache has, and a download into it. The only file that imports it."""

from __future__ import annotations

import errno
import glob
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from json import JSONDecodeError
from pathlib import Path
from threading import Lock
from typing import Any

from huggingface_hub import (
    HfApi,
    constants,
    snapshot_download,  # pyright: ignore[reportUnknownVariableType]  one of its many options is a bare dict
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils.tqdm import tqdm

from mcp_toolweaver.embeddings.model_folder import (
    GRAPH,
    INDEX,
    MODULES,
    SAFETENSORS,
    check_folder,
    files_in,
    is_absence,
    lacking,
)
from mcp_toolweaver.embeddings.weights_headers import damage

_NEEDED = (
    *("config.json", MODULES, "sentence_*_config.json", "config_sentence_transformers.json"),
    *("tokenizer.json", "tokenizer_config.json", "[0-9]_*/*.json"),
)
_SMALL = (
    *(*_NEEDED, "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json"),
    *("merges.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "[0-9]_*/vocab.txt"),
)
"""What others may have left out, since the tokenizer is whole without it, is fetched all the same."""
_TENSORS = (SAFETENSORS, INDEX, "model-*-of-*.safetensors", "[0-9]_*/*.safetensors")
_GRAPHS = (GRAPH, f"{GRAPH}_data", f"{GRAPH}.data")

_ANSWER = 10.0
"""Seconds that the hub has to list a model; the library bounds each read of a file likewise."""
_STEP = 1 << 20
"""Bytes after which progress is told, and after which what came is kept where the connection breaks."""
_FORGOTTEN = 3600.0
"""Seconds after which nobody writes any more what a killed process left unfinished."""
_AT_ONCE = 4
_WORDY = 200
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
_MAY_NOT = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105  what the hub says of one


class Refused(Exception):
    """There will be no download; the kind is one of those that `download` has words for."""

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(said)
        self.kind = kind


def cached(repository: str, cache: Path | None = None, *, needs_graph: bool = False) -> Path | None:
    """Return the folder in the hub's cache that has a model; None if it has none, or half of one. Asks nobody.

    Raises:
        OSError: it cannot be read.
        Unavailable: likewise.
    """
    for weights in (_GRAPHS,) if needs_graph else (_TENSORS, _GRAPHS):
        wanted = (*_NEEDED, *weights)
        try:
            found = snapshot_download(repository, cache_dir=cache, local_files_only=True, allow_patterns=[*wanted])
        except (OSError, ValueError, EntryNotFoundError) as error:  # not there, not all there, or no name of a model
            if isinstance(error, OSError) and not is_absence(error):
                raise
            continue
        folder = Path(found)
        if not lacking([name for name in files_in(folder) if _matches(name, wanted)]) and not check_folder(folder):
            return folder
    return None


def fetch(repository: str, on_progress: Callable[[int, int], None], *, onnx_only: bool) -> Path:
    """Download a model into the hub's cache, which blocks; return its folder.

    What is there already is not fetched again; a broken connection is taken up where it broke.

    Raises:
        Refused: the model cannot be had.
    """
    constants.DOWNLOAD_CHUNK_SIZE = _STEP
    try:
        commit, sizes = _listing(repository, onnx_only=onnx_only)
        _remove_damaged(repository, commit, sizes)
        there = sum(size for name, size in sizes.items() if _is_cached(repository, name, commit))
        total = sum(sizes.values())
        _make_room(repository, total - there)
        on_progress(there, total)
        found = snapshot_download(
            repository,
            allow_patterns=[glob.escape(name) for name in sizes],
            etag_timeout=_ANSWER,
            max_workers=_AT_ONCE,
            tqdm_class=_bar(there, total, on_progress),
        )
    except (Refused, BrokenPipeError):
        raise
    except Exception as error:  # the library raises httpx's, the system's and its own alike
        raise _refusal(error) from error
    on_progress(total, total)
    return Path(found)


def _listing(repository: str, *, onnx_only: bool) -> tuple[str, dict[str, int]]:
    """Return the newest commit of a model, and the sizes of those of its files that we need."""
    info = HfApi().model_info(repository, files_metadata=True, timeout=_ANSWER)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    has_tensors = any(name in (SAFETENSORS, INDEX) or fnmatchcase(name, "0_*/model.safetensors") for name in sizes)
    weights = _TENSORS if has_tensors and not onnx_only else _GRAPHS
    wanted = {name: size for name, size in sizes.items() if _matches(name, (*_SMALL, *weights))}
    if has_tensors and not any(_matches(name, weights) for name in wanted):
        raise Refused("needs torch")
    if missing := lacking([*wanted, *(name for name in sizes if name.endswith(".bin"))]):
        raise Refused("lacking", "; ".join(missing))
    return info.sha or constants.DEFAULT_REVISION, wanted


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_cached(repository: str, name: str, commit: str) -> bool:
    return _in_cache(repository, name, commit) is not None


def _in_cache(repository: str, name: str, commit: str) -> Path | None:
    found = try_to_load_from_cache(repository, name, revision=commit)
    return Path(found) if isinstance(found, str) else None


def _remove_damaged(repository: str, commit: str, sizes: Mapping[str, int]) -> None:
    """Remove what is not as the hub has it, which the library would leave as it is."""
    for name, size in sizes.items():
        path = _in_cache(repository, name, commit)
        is_weights = _matches(name, (*_TENSORS, *_GRAPHS))
        if path is not None and ((size and path.stat().st_size != size) or (is_weights and damage(path))):
            path.resolve().unlink(missing_ok=True)  # what the name in the folder leads to
            path.unlink(missing_ok=True)


def _make_room(repository: str, needed: int) -> None:
    """Remove what killed downloads of the model left behind, and see that there is room for the rest."""
    cache = Path(constants.HF_HUB_CACHE)
    for left in cache.glob(f"models--{repository.replace('/', '--')}/blobs/*.????????.incomplete"):
        if time.time() - left.stat().st_mtime > _FORGOTTEN:
            left.unlink(missing_ok=True)
    place = next((path for path in (cache, *cache.parents) if path.exists()), cache)
    if (free := shutil.disk_usage(place).free) < needed:
        raise Refused("full", f"{needed / 1e6:,.0f} MB are needed in {cache} and {free / 1e6:,.0f} MB are free")


def _bar(there: int, total: int, on_progress: Callable[[int, int], None]) -> type[Any]:
    """Return what the library takes for a progress bar, which tells the bytes.

    Of its bars one counts the bytes that came, one those that were written, and one files: the furthest counts.
    """
    lock, furthest = Lock(), [0]

    class Bar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            with lock:
                self.n += int(n or 0)
                if self.n > furthest[0]:
                    furthest[0] = self.n
                    on_progress(min(there + self.n, total), total)
            return None

    return Bar


def _refusal(error: Exception) -> Refused:
    """Say what kind of failure an error of the library is."""
    return Refused(_kind(error), _said(error))


def _kind(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    kinds: Sequence[tuple[str, bool]] = (
        ("offline", isinstance(error, OfflineModeIsEnabled)),
        ("gated", isinstance(error, GatedRepoError)),
        ("unknown", isinstance(error, RepositoryNotFoundError | HFValidationError)),
        (_answered(error), isinstance(error, HfHubHTTPError)),
        ("full", number in _FULL),
        ("unwritable", number in _FORBIDDEN),
    )
    return next((kind for kind, applies in kinds if applies), "unreachable")


def _answered(error: Exception) -> str:
    """Return what a status means; 401 is what strangers are told of a model that does not exist."""
    if not isinstance(error, HfHubHTTPError) or error.response.status_code not in _MAY_NOT:
        return "answered"
    has_bad_token = error.response.headers.get("X-Error-Message") == _BAD_TOKEN
    return "unknown" if error.response.status_code == HTTPStatus.UNAUTHORIZED and not has_bad_token else "gated"


def _said(error: BaseException) -> str:
    """Return a few words on what was the cause."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    if isinstance(error, HfHubHTTPError):
        return " ".join(filter(None, (f"status {error.response.status_code}", error.server_message)))[:_WORDY]
    if isinstance(error, JSONDecodeError):
        return "what answers there is no model hub"
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:_WORDY]
