"""What may run one model: each proves itself, and says what it lacks; what is not used leaves the memory."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable, Warming
from mcp_toolweaver.embeddings import manifest, rungs
from mcp_toolweaver.embeddings.graphs import made
from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.plan import Plan, Step
from mcp_toolweaver.embeddings.rungs import Rungs
from mcp_toolweaver.embeddings.runtime import Runtime
from mcp_toolweaver.embeddings.turns import Turns
from tests.fakes.runtime import FakeTorchRuntimes
from tests.fakes.tiny_model import write_tiny_model

pytestmark = pytest.mark.anyio

BY_ONNX, BY_TORCH = Step("onnx", "cpu"), Step("torch", "cpu")
PLAN = Plan((BY_ONNX,), (BY_ONNX,), 2, 2)
TORCH_PLAN = Plan((BY_TORCH,), (BY_TORCH,), 2, 2)
ONNX_MODULE = "mcp_toolweaver.embeddings.onnx_runtime.runtime"
TORCH_MODULE = "mcp_toolweaver.embeddings.torch_runtime.runtime"


@pytest.fixture(scope="module")
async def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Identity, Manifest]:
    root = tmp_path_factory.mktemp("rungs")
    identity = identify(str(write_tiny_model(root / "tiny")), root / "models")
    assert identity is not None
    return root / "models", identity, await made(root / "models", identity, lambda _step: None)


def _rungs(tiny: tuple[Path, Identity, Manifest]) -> Rungs:
    models, identity, ready = tiny
    return Rungs(identity, ready, models, Turns())


def _torch(monkeypatch: pytest.MonkeyPatch, ready: Manifest, *, turned: bool = False) -> FakeTorchRuntimes:
    """Put a fake in the place of torch, which gives the vectors of the model, or others."""
    vectors = {text: np.roll(vector, turned) for text, vector in ready.probes.items()}
    fake = FakeTorchRuntimes({text: vector.tolist() for text, vector in vectors.items()})
    monkeypatch.setitem(sys.modules, TORCH_MODULE, fake)
    return fake


def _text(tiny: tuple[Path, Identity, Manifest]) -> Sequence[str]:
    return list(tiny[2].probes)[:1]


@pytest.mark.parametrize(
    ("module", "plan", "said"),
    [
        (ONNX_MODULE, PLAN, "ONNX Runtime cannot be imported: "),
        (TORCH_MODULE, TORCH_PLAN, "torch cannot be imported: "),
    ],
)
async def test_a_library_that_is_there_and_cannot_be_imported_is_a_reason(
    tiny: tuple[Path, Identity, Manifest], monkeypatch: pytest.MonkeyPatch, module: str, plan: Plan, said: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for rung in (*_rungs(tiny).queries(plan, "fp32"), *_rungs(tiny).documents(plan, "fp32")):
        with pytest.raises(Unavailable, match=f"{said}.*; install it anew"):
            await rung.embed(["a"])


async def test_torch_loads_a_model_once_and_proves_itself(
    tiny: tuple[Path, Identity, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, model = _torch(monkeypatch, tiny[2]), _rungs(tiny)
    for rung in (*model.queries(TORCH_PLAN, "fp32"), *model.documents(TORCH_PLAN, "fp32")):
        assert len(await rung.embed(_text(tiny))) == 1
    assert fake.loads == ["cpu"]


async def test_torch_that_gives_other_vectors_than_the_graph_is_not_used(
    tiny: tuple[Path, Identity, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    _torch(monkeypatch, tiny[2], turned=True)
    [rung] = _rungs(tiny).documents(TORCH_PLAN, "fp32")
    with pytest.raises(Unavailable, match="torch gives wrong vectors on this machine"):
        await rung.embed(_text(tiny))


async def test_a_graph_of_documents_leaves_the_memory_when_there_are_none_and_that_of_queries_stays(
    tiny: tuple[Path, Identity, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rungs, "_IDLE", 0)
    model = _rungs(tiny)
    [query], [document] = model.queries(PLAN, "fp32"), model.documents(PLAN, "fp32")
    closed = document.label
    for rung in (query, document):
        await rung.embed(["a"])
    opened = query.label
    assert opened != closed
    with anyio.fail_after(30):
        while document.label != closed:
            await anyio.lowlevel.checkpoint()
    assert query.label == opened


async def test_what_is_not_there_in_eight_bits_says_why(tiny: tuple[Path, Identity, Manifest]) -> None:
    models, identity, ready = tiny
    model = Rungs(identity, replace(ready, lacking="there is no graph in 8 bits: no onnx"), models, Turns())
    small, full = model.queries(PLAN, "int8")
    for rung in (small, *model.documents(PLAN, "int8")):
        with pytest.raises(Unavailable, match="there is no graph in 8 bits: no onnx"):
            await rung.embed(["a"])
    assert len(await full.embed(["a"])) == 1
    assert (model.lacks("int8"), model.lacks("fp32")) == ("there is no graph in 8 bits: no onnx", None)


async def test_two_who_find_the_same_damage_have_it_mended_once(
    tiny: tuple[Path, Identity, Manifest], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models, identity, ready = tiny
    shutil.copytree(models, tmp_path / "models")
    (tmp_path / "models" / identity.name / manifest.FULL).write_bytes(b"damaged")
    model = Rungs(identity, ready, tmp_path / "models", Turns())
    both: list[Runtime] = [*model.queries(PLAN, "fp32"), *model.documents(PLAN, "fp32")]
    async with anyio.create_task_group() as tasks:
        for rung in both:
            tasks.start_soon(rung.embed, ["a"])
    assert caplog.text.count("is made again") == 1


async def test_a_query_waits_for_a_runtime_only_as_long_as_it_is_told_to_and_documents_for_as_long_as_it_takes(
    tiny: tuple[Path, Identity, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    _torch(monkeypatch, tiny[2])
    model = _rungs(tiny)
    model.patience = 0
    for plan in (PLAN, TORCH_PLAN):
        [query], [document] = model.queries(plan, "fp32"), model.documents(plan, "fp32")
        with pytest.raises(Warming, match="is still being opened"):
            await query.embed(_text(tiny))
        assert len(await document.embed(_text(tiny))) == 1
