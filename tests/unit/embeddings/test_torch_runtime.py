"""Many texts through a model of torch that is faked: order, batches, memory, turns, cancellation."""

import threading

import numpy as np
import pytest
import torch
from anyio import create_task_group, sleep, to_thread
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.ladder import Ladder
from mcp_toolweaver.embeddings.torch_runtime.batches import CPU, GPU
from mcp_toolweaver.embeddings.torch_runtime.runtime import TorchRuntime
from mcp_toolweaver.embeddings.turns import Turns
from mcp_toolweaver.embeddings.vectors import normalized
from tests.fakes.runtime import FakeRuntime
from tests.fakes.torch_model import FakeTorchModel

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings

ON_CUDA = "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported"


class HeldTurns(Turns):
    """Counts how often documents asked, and lets them go on after their first batch once they may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.may_go_on = threading.Event()

    def document(self) -> None:
        self.asked += 1
        if self.asked > 1:
            self.may_go_on.wait(30)  # a failing test must end


def runtime_of(model: FakeTorchModel, device: str = "cuda", turns: Turns | None = None) -> TorchRuntime:
    return TorchRuntime(model.loaded(device), turns or Turns(), clock=lambda: model.now)


def numbered(count: int) -> list[str]:
    """Return as many texts that are equally long to the fake, each with a vector of its own."""
    return ["text" + "e" * number for number in range(count)]


async def test_vectors_are_32_bits_wide_and_in_the_order_of_the_texts_which_are_embedded_longest_first() -> None:
    model = FakeTorchModel(max_seq_length=256)
    texts = ["bee", "a long sentence here", " ", "née", "bee"]
    vectors = await runtime_of(model).embed(texts, prompt="passage: ")
    assert [vector.tolist() for vector in vectors] == model.vectors(texts).tolist()
    assert {vector.dtype for vector in vectors} == {np.dtype(np.float32)}
    assert model.batches == [["a long sentence here", "née", "bee", "bee", " "]]
    assert model.prompts == ["passage: "]


@given(st.lists(st.text(max_size=40), max_size=150), st.integers(1, 20))
async def test_any_texts_have_their_vectors_in_order_however_little_memory_there_is(
    texts: list[str], room: int
) -> None:
    model = FakeTorchModel(room=room, max_seq_length=4)
    vectors = await runtime_of(model).embed(texts)
    assert [vector.tolist() for vector in vectors] == [[len(text), text.count("e")] for text in texts]


async def test_no_text_needs_no_model() -> None:
    model = FakeTorchModel()
    assert list(await runtime_of(model).embed([])) == []
    assert model.batches == []


async def test_a_prompt_is_passed_on_even_if_empty_so_that_the_model_adds_none_of_its_own() -> None:
    model = FakeTorchModel()
    await runtime_of(model).embed(["a"])
    assert model.prompts == [""]


async def test_batches_grow_on_a_gpu_while_it_gets_faster_and_stay_grown() -> None:
    model = FakeTorchModel()
    runtime = runtime_of(model)
    await runtime.embed(numbered(2000))
    await runtime.embed(numbered(1024))
    assert model.sizes == [128, 256, 512, 1024, 80, 1024]


async def test_batches_on_the_cpu_are_small() -> None:
    model = FakeTorchModel()
    await runtime_of(model, "cpu").embed(numbered(100))
    assert model.sizes == [CPU.start] * 12 + [4]


async def test_out_of_memory_halves_the_batch_and_loses_no_text() -> None:
    model = FakeTorchModel(room=40)
    texts = numbered(100)
    vectors = await runtime_of(model).embed(texts)
    assert model.sizes == [100, 50, 25, 25, 25, 25]
    assert [vector.tolist() for vector in vectors] == model.vectors(texts).tolist()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("no room"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17 GB, other allocations: 1 GB, max allowed: 18 GB)."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
    ids=["torch", "MPS", "CPU", "cuBLAS", "Python"],
)
async def test_each_way_to_run_out_of_memory_is_known_and_one_text_is_the_least_to_try(error: Exception) -> None:
    model = FakeTorchModel()
    model.error = error
    with pytest.raises(Unavailable, match=r"torch, cuda\) ran out of memory with a single text; free some"):
        await runtime_of(model).embed(numbered(GPU.start))
    assert model.sizes == [128, 64, 32, 16, 8, 4, 2, 1]


async def test_a_device_that_fails_when_its_memory_is_given_back_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError(ON_CUDA)

    monkeypatch.setattr(torch.cuda, "empty_cache", fail)
    with pytest.raises(Unavailable, match=r"\(torch, cuda\) failed: CUDA error: device-side assert triggered$"):
        await runtime_of(FakeTorchModel(room=0)).embed(["a", "b"])


async def test_memory_that_is_free_again_is_used_again() -> None:
    model = FakeTorchModel(room=0)
    runtime = runtime_of(model)
    with pytest.raises(Unavailable):
        await runtime.embed(numbered(128))
    model.room = None
    model.batches.clear()
    await runtime.embed(numbered(128))
    assert model.sizes == [128]


async def test_with_no_memory_anywhere_each_rung_of_the_ladder_is_tried_to_its_end_and_all_reasons_are_given() -> None:
    gpu, cpu = FakeTorchModel(room=0), FakeTorchModel(room=0)
    ladder = Ladder([runtime_of(gpu), runtime_of(cpu, "cpu")], lambda vectors, count: normalized(vectors, count, 2))
    with pytest.raises(Unavailable, match=r"torch, cuda: .* single text.*; torch, cpu: .* single text"):
        await ladder.embed(numbered(200))
    assert gpu.sizes == [128, 64, 32, 16, 8, 4, 2, 1]
    assert cpu.sizes == [8, 4, 2, 1]


@pytest.mark.parametrize("room", [0, 1, 3, 7, 8])
async def test_what_a_gpu_has_no_memory_for_the_cpu_embeds(room: int) -> None:
    gpu, cpu = FakeTorchModel(room=0), FakeTorchModel(room=room or None)
    ladder = Ladder([runtime_of(gpu), runtime_of(cpu, "cpu")], lambda vectors, count: normalized(vectors, count, 2))
    texts = numbered(70)
    vectors = await ladder.embed(texts)
    np.testing.assert_allclose(np.stack(vectors), normalized(list(cpu.vectors(texts)), 70, 2), atol=1e-6)
    assert ladder.label == "torch, cpu"


async def test_numbers_that_do_not_fit_into_16_bits_never_get_out_of_the_ladder() -> None:
    gpu = FakeTorchModel()
    gpu.result = np.asarray([[1.0, 2.0], [np.nan, np.inf]], dtype=np.float16)
    ladder = Ladder([runtime_of(gpu), FakeRuntime("CPU", 1.0)], lambda vectors, count: normalized(vectors, count, 2))
    assert np.isfinite(np.stack(await ladder.embed(["one", "other"]))).all()
    assert ladder.label == "CPU"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError(ON_CUDA), r"failed: CUDA error: device-side assert triggered$"),
        (RuntimeError("CUDA error: unspecified launch failure"), "failed: CUDA error: unspecified launch failure"),
        (IndexError("index out of range in self"), "failed: index out of range in self"),
        (TypeError(), "failed: TypeError"),
    ],
)
async def test_another_error_of_the_model_is_not_tried_again(error: Exception, reason: str) -> None:
    model = FakeTorchModel()
    model.error = error
    with pytest.raises(Unavailable, match=rf"search by meaning: the model \(torch, cuda\) {reason}"):
        await runtime_of(model).embed(numbered(200))
    assert model.sizes == [128]


@pytest.mark.parametrize("result", [np.ones((1, 2)), np.ones(2), np.ones((0, 2)), np.ones((2, 2, 2))])
async def test_an_array_of_another_shape_is_an_error(result: object) -> None:
    model = FakeTorchModel()
    model.result = result
    with pytest.raises(Unavailable, match=r"returned an array of shape .* for 2 texts"):
        await runtime_of(model).embed(["a", "b"])


async def test_documents_ask_for_their_turn_before_each_batch_and_queries_never() -> None:
    model, turns = FakeTorchModel(), HeldTurns()
    turns.may_go_on.set()
    documents = runtime_of(model, "cpu", turns)
    await documents.embed(numbered(100))
    assert turns.asked == len(model.batches) == 13
    queries = documents.for_queries()
    assert len(await queries.embed(numbered(40))) == 40
    assert turns.asked == 13
    assert queries.label == documents.label


async def test_a_query_comes_between_two_batches_of_documents() -> None:
    model, turns = FakeTorchModel(), HeldTurns()
    documents = runtime_of(model, "cpu", turns)
    async with create_task_group() as tasks:
        tasks.start_soon(documents.embed, numbered(24))
        await to_thread.run_sync(model.entered.wait)
        await documents.for_queries().embed(["the query"])
        turns.may_go_on.set()
    assert model.sizes == [8, 1, 8, 8]


async def test_a_cancelled_call_stops_at_the_next_batch() -> None:
    model = FakeTorchModel()
    runtime = runtime_of(model, "cpu")
    model.gate.clear()
    async with create_task_group() as tasks:
        tasks.start_soon(runtime.embed, numbered(8 * 200))
        await to_thread.run_sync(model.entered.wait)
        tasks.cancel_scope.cancel()
    model.gate.set()
    await runtime.embed(["next"])
    await runtime.embed(["last"])
    assert model.sizes == [8, 1, 1]


async def test_two_callers_never_use_the_model_at_the_same_time() -> None:
    model = FakeTorchModel()
    runtime = runtime_of(model, "cpu")
    model.gate.clear()
    async with create_task_group() as tasks:
        tasks.start_soon(runtime.embed, ["one"])
        tasks.start_soon(runtime.for_queries().embed, ["other"])
        await to_thread.run_sync(model.entered.wait)
        model.entered.clear()
        for _ in range(20):
            await sleep(0.001)
        assert not model.entered.is_set()
        model.gate.set()
    assert model.sizes == [1, 1]
