"""A model is made ready once: what failed for good is not tried again, and of what was cut short nothing is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.children import ChildFailed
from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings import making, manifest, refusals
from mcp_toolweaver.embeddings.graphs import made
from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.recipe import read_recipe
from tests.fakes.tiny_model import write_graph, write_tiny_model

pytestmark = pytest.mark.anyio


class Child:
    """In the place of the process that makes a model ready."""

    def __init__(self, *, lacking: str = "") -> None:
        self.lacking = lacking
        self.said = ""
        """What it says before it fails; it does not fail if that is nothing."""
        self.runs = 0
        self.hold: anyio.Event | None = None
        """What the first one of it waits for, if for anything."""

    async def __call__(self, _module: str, *arguments: str, on_line: Callable[[str], None]) -> None:
        self.runs = run = self.runs + 1
        weights, target, digest = Path(arguments[0]), Path(arguments[1]), arguments[2]
        on_line("a step")
        (target / manifest.FULL).write_text(f"graph {run}", encoding="utf-8")
        if self.hold is not None and run == 1:
            await self.hold.wait()
        if self.said:
            on_line(self.said)
            raise ChildFailed("its last words")
        recipe = read_recipe(weights)
        assert recipe is not None
        files = {manifest.FULL: manifest.digest(target / manifest.FULL) or ""}
        manifest.write(
            target, manifest.Manifest(digest, recipe, files, lacking=self.lacking, libraries=refusals.libraries())
        )


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def identity(tmp_path: Path, models: Path) -> Identity:
    found = identify(str(write_tiny_model(tmp_path / "tiny")), models)
    assert found is not None
    return found


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    child = Child()
    monkeypatch.setattr(making, "run_module", child)
    return child


def _silent(_step: str) -> None:
    return None


async def test_what_failed_for_good_is_not_tried_again_with_the_same_libraries(
    identity: Identity, models: Path, child: Child
) -> None:
    child.said = "refused: it gives other vectors"
    with pytest.raises(Unusable, match=r"cannot be prepared for ONNX Runtime: it gives other vectors$"):
        await made(models, identity, _silent)
    with pytest.raises(Unusable, match=r"it gives other vectors \(to try again, remove .*refused\.json\)"):
        await made(models, identity, _silent)
    assert child.runs == 1
    assert _names(models) == {"known.json", "refused.json"}


@pytest.mark.parametrize("text", [None, "", "[]", '{"other": {}}'])
async def test_with_other_libraries_or_after_the_note_is_gone_it_is_tried_again(
    identity: Identity, models: Path, child: Child, text: str | None
) -> None:
    child.said = "refused: it gives other vectors"
    with pytest.raises(Unusable):
        await made(models, identity, _silent)
    note = models / refusals.FILE
    entry = json.loads(note.read_text(encoding="utf-8"))[identity.name]
    assert {"mcp-toolweaver", "onnxruntime"} <= entry["libraries"].keys()
    older = {identity.name: {**entry, "libraries": {**entry["libraries"], "onnxruntime": "0.1"}}}
    note.write_text(json.dumps(older) if text is None else text, encoding="utf-8")
    child.said = ""
    assert (await made(models, identity, _silent)).weights == identity.digest


async def test_another_failure_says_so_and_is_tried_again(identity: Identity, models: Path, child: Child) -> None:
    child.said = "no room"
    for run in (1, 2):
        with pytest.raises(Unavailable, match="cannot be prepared for ONNX Runtime: its last words") as raised:
            await made(models, identity, _silent)
        assert (type(raised.value), child.runs) == (Unavailable, run)
    assert _names(models) == {"known.json"}


async def test_the_weights_are_looked_at_before_anything_is_made_of_them(
    identity: Identity, models: Path, child: Child
) -> None:
    assert identity.weights is not None
    (identity.weights.folder / "tokenizer.json").unlink()
    with pytest.raises(Unavailable, match=r"it has no tokenizer\.json"):
        await made(models, identity, _silent)
    assert child.runs == 0


async def test_who_is_told_each_step_is_not_told_the_refusal(identity: Identity, models: Path, child: Child) -> None:
    child.said = "refused: never"
    steps: list[str] = []
    with pytest.raises(Unusable):
        await made(models, identity, steps.append)
    assert steps == ["a step"]


async def test_what_was_cut_short_leaves_nothing(identity: Identity, models: Path, child: Child) -> None:
    child.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:

        def leave(_step: str) -> None:
            tasks.cancel_scope.cancel()

        tasks.start_soon(made, models, identity, leave)
    assert _names(models) == {"known.json"}


async def test_of_two_that_make_the_same_the_quicker_one_is_kept(
    identity: Identity, models: Path, child: Child
) -> None:
    child.hold = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made, models, identity, _silent)
        while not child.runs:
            await anyio.sleep(0.001)
        await made(models, identity, _silent)
        child.hold.set()
    assert _names(models) == {"known.json", identity.name}
    assert child.runs == 2
    assert (models / identity.name / manifest.FULL).read_text(encoding="utf-8") == "graph 2"


async def test_without_a_graph_in_eight_bits_it_is_made_again_only_where_other_libraries_may_know_how(
    identity: Identity, models: Path, child: Child
) -> None:
    child.lacking = "no onnx"
    for _ in range(2):
        assert (await made(models, identity, _silent)).lacking == "no onnx"
    assert child.runs == 1
    _made_by_others(models / identity.name)
    child.said = "no room"
    assert (await made(models, identity, _silent)).lacking == "no onnx", "which is better than nothing"
    child.said, child.lacking = "", "still not"
    assert (await made(models, identity, _silent)).lacking == "still not"
    assert (await made(models, identity, _silent)).lacking == "still not"
    assert child.runs == 3
    _made_by_others(models / identity.name)
    child.lacking = ""
    assert (await made(models, identity, _silent)).lacking == ""
    _made_by_others(models / identity.name)
    await made(models, identity, _silent)
    assert child.runs == 4, "it has all that there can be"


def _made_by_others(folder: Path) -> None:
    known = manifest.read(folder)
    assert known is not None
    manifest.write(folder, replace(known, libraries={"onnx": "0.1"}))


async def test_a_real_child_says_why_it_will_never_do(tmp_path: Path, models: Path) -> None:
    weights = write_tiny_model(tmp_path / "odd")
    write_graph(weights / "onnx" / "model.onnx", 1, layer="NoSuchOperator")
    identity = identify(str(weights), models)
    assert identity is not None
    for said in ("NoSuchOperator", "to try again, remove"):
        with pytest.raises(Unusable, match=said):
            await made(models, identity, _silent)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
