"""Models made ready for ONNX Runtime: once, whole, and found again without torch."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.graphs import flaw, kept, made, whole
from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.onnx_runtime.runtime import load
from mcp_toolweaver.embeddings.selfcheck import COMPARABLE, SAME_SPACE, proven
from tests.fakes.tiny_model import DIMENSION, WORDS, write_tiny_model

pytestmark = pytest.mark.anyio
NAMES = (manifest.FULL, manifest.SMALL, manifest.TOKENIZER)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a folder with weights, and a model cache in which they were made ready, once for all tests here."""
    root = tmp_path_factory.mktemp("models")
    weights = write_tiny_model(root / "tiny")
    models = root / "cache"
    steps: list[str] = []
    anyio.run(_make, weights, models, steps)
    assert steps == ["computing in 8 bits"]
    return weights, models


async def _make(weights: Path, models: Path, steps: list[str]) -> None:
    await made(models, _identity(weights, models), steps.append)


def _identity(weights: Path, models: Path) -> Identity:
    found = identify(str(weights), models)
    assert found is not None
    return found


@pytest.fixture
def copied(cache: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return weights and a cache that a test may damage."""
    weights, models = cache
    shutil.copytree(models, tmp_path / "cache")
    return weights, tmp_path / "cache"


async def test_what_was_made_is_found_again_and_not_made_again(cache: tuple[Path, Path]) -> None:
    weights, models = cache
    steps: list[str] = []
    again = await made(models, _identity(weights, models), steps.append)
    assert steps == []
    assert again.recipe.dimension == DIMENSION
    assert flaw(models / _identity(weights, models).name, NAMES) is None


async def test_nothing_half_made_is_left(cache: tuple[Path, Path]) -> None:
    weights, models = cache
    assert {path.name for path in models.iterdir()} == {_identity(weights, models).name, "known.json"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
async def test_a_damaged_file_is_noticed(copied: tuple[Path, Path], name: str, how: str) -> None:
    weights, models = copied
    folder = models / _identity(weights, models).name
    _damage(folder / name, how)
    assert flaw(folder, NAMES) == name
    assert flaw(folder, [other for other in NAMES if other != name]) is None


@pytest.mark.parametrize("name", [manifest.SMALL, manifest.FILE])
async def test_what_is_damaged_is_made_again_and_nothing_is_left_of_it(copied: tuple[Path, Path], name: str) -> None:
    weights, models = copied
    identity = _identity(weights, models)
    before = {path.name for path in (models / identity.name).iterdir()}
    _damage(models / identity.name / name, "cut")
    assert await whole(models, identity, NAMES) == models / identity.name
    assert flaw(models / identity.name, NAMES) is None
    assert {path.name for path in models.iterdir()} == {identity.name, "known.json"}
    assert {path.name for path in (models / identity.name).iterdir()} == before


async def test_a_damaged_model_is_kept_where_it_cannot_be_made_again(copied: tuple[Path, Path]) -> None:
    weights, models = copied
    identity = replace(_identity(weights, models), weights=None)
    _damage(models / identity.name / manifest.SMALL, "changed")
    with pytest.raises(Unusable, match="not on this machine any more"):
        await whole(models, identity, NAMES)
    assert await whole(models, identity, [manifest.FULL, manifest.TOKENIZER]) == models / identity.name


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of open files there")
async def test_too_many_open_files_are_no_damage(copied: tuple[Path, Path]) -> None:
    import resource  # noqa: PLC0415  which Windows has not

    weights, models = copied
    identity = _identity(weights, models)
    folder = models / identity.name
    known = kept(models, identity)
    assert known is not None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limit[1]))
    try:
        with pytest.raises(Unavailable, match=r"manifest\.json cannot be read \(Too many open files\)"):
            flaw(folder, NAMES)
        with pytest.raises(Unavailable, match=r"model\.onnx cannot be read"):
            manifest.damaged(folder, known, NAMES)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert flaw(folder, NAMES) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "files": {}}'])
async def test_an_unreadable_manifest_counts_as_none(copied: tuple[Path, Path], text: str) -> None:
    weights, models = copied
    identity = _identity(weights, models)
    (models / identity.name / manifest.FILE).write_text(text, encoding="utf-8")
    assert kept(models, identity) is None
    assert flaw(models / identity.name, NAMES) == manifest.FILE


@pytest.mark.parametrize("change", [{"probes": {"x": ["a"]}}, {"probes": {"x": [1, 2]}}, {"weights": "other"}])
async def test_a_manifest_that_was_edited_counts_as_none(copied: tuple[Path, Path], change: dict[str, Any]) -> None:
    weights, models = copied
    identity = _identity(weights, models)
    path = models / identity.name / manifest.FILE
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    assert kept(models, identity) is None


async def test_a_model_is_known_by_name_when_its_weights_are_gone(cache: tuple[Path, Path], tmp_path: Path) -> None:
    weights, models = cache
    shutil.copytree(weights, tmp_path / "moved")
    shutil.copytree(models, tmp_path / "cache")
    there = _identity(tmp_path / "moved", tmp_path / "cache")
    shutil.rmtree(tmp_path / "moved")
    again = identify(str(tmp_path / "moved"), tmp_path / "cache")
    assert again is not None
    assert (again.name, again.recipe, again.weights) == (there.name, there.recipe, None)
    assert (await made(tmp_path / "cache", again, lambda _step: None)).weights == there.digest


async def test_one_model_has_one_name_wherever_it_lies(cache: tuple[Path, Path], tmp_path: Path) -> None:
    weights, models = cache
    other = write_tiny_model(tmp_path / "elsewhere")
    assert _identity(other, tmp_path / "cache").name == _identity(weights, models).name


@pytest.mark.parametrize("change", ["seed", "pooling", "max_length"])
async def test_another_model_or_another_reading_of_it_has_another_name(
    cache: tuple[Path, Path], tmp_path: Path, change: str
) -> None:
    weights, models = cache
    changes: dict[str, Path] = {
        "seed": write_tiny_model(tmp_path / "a", seed=2),
        "pooling": write_tiny_model(tmp_path / "b", pooling="cls"),
        "max_length": write_tiny_model(tmp_path / "c", max_length=5),
    }
    assert _identity(changes[change], tmp_path / "cache").name != _identity(weights, models).name


async def test_changed_weights_are_noticed(tmp_path: Path) -> None:
    weights = write_tiny_model(tmp_path / "tiny")
    before = _identity(weights, tmp_path / "cache").name
    shutil.rmtree(weights)
    write_tiny_model(weights, seed=2)
    assert _identity(weights, tmp_path / "cache").name != before


async def test_a_cache_that_cannot_be_written_is_an_outage_of_meaning_alone(tmp_path: Path) -> None:
    weights = write_tiny_model(tmp_path / "tiny")
    identity = _identity(weights, tmp_path / "cache")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(Unavailable, match="cannot be written"):
        await made(tmp_path / "file" / "models", identity, lambda _step: None)


@pytest.mark.parametrize(("name", "least"), [(manifest.FULL, SAME_SPACE), (manifest.SMALL, COMPARABLE)])
async def test_both_precisions_prove_themselves(cache: tuple[Path, Path], name: str, least: float) -> None:
    weights, models = cache
    identity = _identity(weights, models)
    known = kept(models, identity)
    assert known is not None
    folder = models / identity.name
    runtime = load(folder / name, folder / manifest.TOKENIZER, known.recipe, name)
    assert await proven(runtime, known, least) is runtime


async def test_a_graph_of_another_model_does_not_prove_itself(cache: tuple[Path, Path], tmp_path: Path) -> None:
    weights, models = cache
    identity = _identity(weights, models)
    known = kept(models, identity)
    assert known is not None
    other = write_tiny_model(tmp_path / "other", seed=2)
    runtime = load(other / "onnx" / "model.onnx", other / "tokenizer.json", known.recipe, "fp32")
    with pytest.raises(Unavailable, match="wrong vectors"):
        await proven(runtime, known, COMPARABLE)


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_text_has_one_vector_whatever_stands_beside_it(cache: tuple[Path, Path], workers: int) -> None:
    weights, models = cache
    identity = _identity(weights, models)
    assert identity.recipe is not None
    folder = models / identity.name
    runtime = load(folder / manifest.SMALL, folder / manifest.TOKENIZER, identity.recipe, "int8", workers=workers)
    texts = [" ".join(WORDS[1 : 1 + count]) for count in range(1, 9)] * 5
    together = await runtime.embed(texts)
    for text, vector in zip(texts, together, strict=True):
        (alone,) = await runtime.embed([text])
        assert np.array_equal(vector, alone)


async def test_the_prompt_is_read_before_the_text(cache: tuple[Path, Path]) -> None:
    weights, models = cache
    identity = _identity(weights, models)
    assert identity.recipe is not None
    folder = models / identity.name
    runtime = load(folder / manifest.FULL, folder / manifest.TOKENIZER, identity.recipe, "fp32")
    (prompted,), (spelled), (bare,) = (
        await runtime.embed(["issue"], prompt="create an "),
        (await runtime.embed(["create an issue"]))[0],
        await runtime.embed(["issue"]),
    )
    assert np.array_equal(prompted, spelled)
    assert not np.allclose(prompted, bare)


async def test_the_memo_may_be_damaged(cache: tuple[Path, Path], tmp_path: Path) -> None:
    weights, models = cache
    for text in ("", "[]", json.dumps({"model x": 5})):
        (tmp_path / "known.json").write_text(text, encoding="utf-8")
        assert _identity(weights, tmp_path).name == _identity(weights, models).name


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if how == "cut" else bytes([data[0] ^ 1]) + data[1:])
