"""A graph is a model's only if it gives the model's vectors, and what cannot be had in 8 bits is had in full."""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.graphs import flaw
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.model_folder import GRAPH
from mcp_toolweaver.embeddings.onnx_runtime.build import build
from mcp_toolweaver.embeddings.onnx_runtime.origin import PROBES, Exporter, Refused
from mcp_toolweaver.embeddings.onnx_runtime.runtime import load
from mcp_toolweaver.embeddings.selfcheck import COMPARABLE, SAME_SPACE, proven
from tests.fakes.exporter import FakeExporter
from tests.fakes.model_hub import tensors
from tests.fakes.tiny_model import write_graph, write_tiny_model

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio

QUANTIZER = "mcp_toolweaver.embeddings.onnx_runtime.quantize"


@pytest.fixture(autouse=True)
def _log_level() -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    """Undo what the child does to its log, which is that of all tests here."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a model with weights, and with a graph beside them that is theirs if they are those of seed 1."""
    folder = write_tiny_model(tmp_path / "weights")
    (folder / "model.safetensors").write_bytes(tensors())
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def _build(weights: Path, target: Path, exporter: Exporter | None) -> Manifest:
    build(weights, target, "digest", lambda: exporter)
    made = manifest.read(target)
    assert made is not None
    return made


def _no_exporter() -> Exporter:
    raise AssertionError("nothing is to be exported")


def _vectors(exporter: Exporter) -> Sequence[Vector]:
    return exporter.reference(None, PROBES)


async def test_a_graph_beside_the_weights_is_taken_once_it_gave_their_vectors(
    weights: Path, target: Path, tmp_path: Path
) -> None:
    exporter = FakeExporter(tmp_path / "model")
    made = _build(weights, target, exporter)
    assert exporter.exports == 0
    assert (target / manifest.FULL).read_bytes() == (weights / GRAPH).read_bytes()
    np.testing.assert_allclose(list(made.probes.values()), _vectors(exporter), atol=1e-6)


async def test_a_graph_of_another_model_beside_the_weights_is_replaced_by_theirs(
    weights: Path, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exporter = FakeExporter(tmp_path / "model", seed=2)
    write_graph(weights / GRAPH, 1, apart=True)
    made = _build(weights, target, exporter)
    assert exporter.exports == 1
    assert "the graph beside the weights gives other vectors than they do" in capsys.readouterr().out
    np.testing.assert_allclose(list(made.probes.values()), _vectors(exporter), atol=1e-6)
    assert set(made.files) == {manifest.FULL, manifest.SMALL, manifest.TOKENIZER}
    runtime = load(target / manifest.FULL, target / manifest.TOKENIZER, made.recipe, "fp32")
    assert await proven(runtime, made, SAME_SPACE) is runtime


@pytest.mark.parametrize("graph", [b"no graph at all", None])
async def test_weights_without_a_graph_that_can_be_run_are_exported(
    weights: Path, target: Path, tmp_path: Path, graph: bytes | None
) -> None:
    (weights / GRAPH).unlink()
    if graph is not None:
        (weights / GRAPH).write_bytes(graph)
    exporter = FakeExporter(tmp_path / "model")
    _build(weights, target, exporter)
    assert exporter.exports == 1


async def test_without_torch_a_graph_beside_the_weights_is_not_taken_for_theirs(weights: Path, target: Path) -> None:
    with pytest.raises(Refused, match="may be of others, which only torch can tell, and torch is not installed"):
        build(weights, target, "digest", lambda: None)
    (weights / GRAPH).unlink()
    with pytest.raises(Refused, match="have no ONNX graph, and to make one torch is not installed"):
        build(weights, target, "digest", lambda: None)
    assert manifest.read(target) is None


async def test_a_graph_that_is_all_there_is_of_a_model_needs_no_torch(weights: Path, target: Path) -> None:
    (weights / "model.safetensors").unlink()
    build(weights, target, "digest", _no_exporter)
    assert manifest.read(target) is not None


async def test_a_graph_that_is_all_there_is_and_cannot_be_opened_will_never_do(weights: Path, target: Path) -> None:
    (weights / "model.safetensors").unlink()
    (weights / GRAPH).write_bytes(b"no graph")
    with pytest.raises(Refused, match="cannot be opened"):
        build(weights, target, "digest", _no_exporter)


async def test_an_exported_graph_that_gives_other_vectors_is_refused(
    weights: Path, target: Path, tmp_path: Path
) -> None:
    (weights / GRAPH).unlink()
    with pytest.raises(Refused, match="the exported graph does not give the vectors of the model"):
        build(weights, target, "digest", lambda: FakeExporter(tmp_path / "model", exported=3))
    assert manifest.read(target) is None


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (NotImplementedError("operator x\nis not supported"), Refused("torch cannot export it: operator x")),
        (RuntimeError("CUDA out of memory"), None),
        (MemoryError("x"), None),
        (OSError(28, "No space left on device"), None),
        (ImportError("DLL load failed"), None),
    ],
)
async def test_what_torch_cannot_export_is_refused_but_not_for_want_of_room(
    weights: Path, target: Path, tmp_path: Path, error: Exception, raised: Exception | None
) -> None:
    (weights / GRAPH).unlink()
    exporter = FakeExporter(tmp_path / "model")
    exporter.error = error
    expected = raised or error
    with pytest.raises(type(expected), match=re.escape(str(expected))):
        build(weights, target, "digest", lambda: exporter)


async def test_numbers_beside_a_graph_belong_to_it(weights: Path, target: Path) -> None:
    (weights / "model.safetensors").unlink()
    write_graph(weights / GRAPH, 1, apart=True)
    build(weights, target, "digest", _no_exporter)
    shutil.rmtree(weights)
    made = manifest.read(target)
    assert made is not None
    assert set(made.files) == {manifest.FULL, "model.onnx_data", manifest.SMALL, manifest.TOKENIZER}
    for name, least in ((manifest.FULL, SAME_SPACE), (manifest.SMALL, COMPARABLE)):
        runtime = load(target / name, target / manifest.TOKENIZER, made.recipe, name)
        assert await proven(runtime, made, least) is runtime
    (target / "model.onnx_data").write_bytes(b"")
    assert flaw(target, [manifest.FULL]) == "model.onnx_data"
    assert flaw(target, [manifest.SMALL]) is None, "which needs none of them"


def _quantizer(error: Exception) -> ModuleType:
    def quantize(_graph: Path, _config: Path, target: Path) -> None:
        target.write_bytes(b"half a graph")
        raise error

    module = ModuleType(QUANTIZER)
    module.__dict__["quantize"] = quantize
    return module


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such operator"), "there is no graph in 8 bits: no such operator"),
        (ModuleNotFoundError("no onnx", name="onnx"), "the package onnx is not installed; get it with: pip install"),
    ],
)
async def test_what_cannot_be_had_in_eight_bits_is_had_in_full(
    weights: Path, target: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    (weights / "model.safetensors").unlink()
    monkeypatch.setitem(sys.modules, QUANTIZER, _quantizer(error))
    build(weights, target, "digest", _no_exporter)
    made = manifest.read(target)
    assert made is not None
    assert said in made.lacking
    assert set(made.files) == {manifest.FULL, manifest.TOKENIZER}
    assert not (target / manifest.SMALL).exists()


async def test_a_disk_without_room_for_eight_bits_may_have_some_the_next_time(
    weights: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weights / "model.safetensors").unlink()
    monkeypatch.setitem(sys.modules, QUANTIZER, _quantizer(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        build(weights, target, "digest", _no_exporter)
    assert manifest.read(target) is None
