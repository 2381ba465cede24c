"""From settings to a model: what is opened, what replaces it when it is damaged, and what is said."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.embeddings import manifest, opening
from mcp_toolweaver.embeddings.installed import LIBRARIES, Installed
from mcp_toolweaver.embeddings.opening import ModelOptions, open_model
from mcp_toolweaver.embeddings.plan import Plan
from mcp_toolweaver.embeddings.refusals import libraries
from mcp_toolweaver.embeddings.rungs import Rungs
from mcp_toolweaver.embeddings.runtime import Runtime
from mcp_toolweaver.embeddings.spaces import Precision, document_space
from tests.fakes.tiny_model import DIMENSION, write_tiny_model

pytestmark = pytest.mark.anyio

TEXTS = ["create an issue", "list github pull requests"]


@pytest.fixture(scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> ModelOptions:
    root = tmp_path_factory.mktemp("prepared")
    options = ModelOptions(str(write_tiny_model(root / "tiny")), root / "models", device="cpu", download=False)
    await open_model(options)
    return options


@pytest.fixture
def options(prepared: ModelOptions, tmp_path: Path) -> ModelOptions:
    """Options whose model cache a test may damage."""
    shutil.copytree(prepared.models, tmp_path / "models")
    return replace(prepared, models=tmp_path / "models")


def _folder(options: ModelOptions) -> Path:
    (folder,) = (path for path in options.models.iterdir() if path.is_dir())
    return folder


@pytest.mark.parametrize(
    ("precision", "queries", "documents"),
    [("auto", "int8", "fp32"), ("int8", "int8", "int8"), ("fp32", "fp32", "fp32")],
)
async def test_the_precision_says_what_embeds_what(
    prepared: ModelOptions, precision: str, queries: str, documents: str
) -> None:
    model = await open_model(replace(prepared, precision=precision))
    await model.embed_documents(TEXTS)
    assert [queries in model.labels[0], documents in model.labels[1]] == [True, True]
    assert model.space.endswith(f"-{documents}")
    known = document_space(prepared.model, prepared.models, precision)
    assert known is not None
    assert (known.name, known.dimension) == (model.space, DIMENSION), "known without loading it"


async def test_spaces_of_two_precisions_have_two_names(prepared: ModelOptions) -> None:
    names = [(await open_model(replace(prepared, precision=precision))).space for precision in ("fp32", "int8")]
    assert len(set(names)) == 2


async def test_a_graph_in_eight_bits_that_is_wrong_on_this_machine_is_replaced_by_the_full_one(
    options: ModelOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = _folder(options)
    expected = await (await open_model(replace(options, precision="fp32"))).embed_queries(TEXTS)
    other = write_tiny_model(tmp_path / "other", seed=2)
    shutil.copyfile(other / "onnx" / "model.onnx", folder / manifest.SMALL)
    _sign(folder, manifest.SMALL)
    with caplog.at_level(logging.WARNING):
        model = await open_model(options)
    assert "wrong vectors" in caplog.text
    assert "fp32" in model.labels[0]
    np.testing.assert_allclose(await model.embed_queries(TEXTS), expected, atol=1e-5)


async def test_no_vector_comes_from_a_model_all_of_whose_graphs_are_wrong(
    options: ModelOptions, tmp_path: Path
) -> None:
    folder = _folder(options)
    other = write_tiny_model(tmp_path / "other", seed=2)
    for name in (manifest.SMALL, manifest.FULL):
        shutil.copyfile(other / "onnx" / "model.onnx", folder / name)
        _sign(folder, name)
    with pytest.raises(Unavailable, match="wrong vectors"):
        await open_model(options)


@pytest.mark.parametrize("name", [manifest.SMALL, manifest.FULL, manifest.TOKENIZER, manifest.FILE])
async def test_a_damaged_model_is_made_again_at_once(options: ModelOptions, name: str) -> None:
    (_folder(options) / name).write_bytes(b"damaged")
    model = await open_model(options)
    assert len(await model.embed_documents(TEXTS)) == len(await model.embed_queries(TEXTS)) == 2
    assert "int8" in model.labels[0]
    assert "ONNX Runtime, fp32" in model.labels[1]


async def test_a_model_that_is_not_here_and_may_not_be_fetched_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="nobody/nothing is not on this machine"):
        await open_model(ModelOptions("nobody/nothing", tmp_path, download=False))


async def test_without_any_library_the_message_says_what_to_install(
    prepared: ModelOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "find_installed", Installed)
    with pytest.raises(Unusable, match=r"pip install 'mcp-toolweaver\[embeddings\]'"):
        await open_model(prepared)


async def test_without_a_graph_in_eight_bits_queries_are_embedded_in_full_and_documents_in_eight_bits_say_why(
    options: ModelOptions, caplog: pytest.LogCaptureFixture
) -> None:
    folder = _folder(options)
    known = manifest.read(folder)
    assert known is not None
    why = "there is no graph in 8 bits: no onnx"
    manifest.write(folder, replace(known, lacking=why, libraries=libraries()))
    (folder / manifest.SMALL).unlink()
    for precision in ("auto", "fp32"):
        caplog.clear()
        model = await open_model(replace(options, precision=precision))
        assert "fp32" in model.labels[0]
        assert (why in caplog.text) == (precision == "auto")
    with pytest.raises(Unusable, match=why):
        await open_model(replace(options, precision="int8"))


@pytest.mark.parametrize(("precision", "error"), [("int8", "no room"), ("auto", "torch cannot be imported")])
async def test_what_cannot_be_prepared_just_now_is_run_by_torch_or_says_so_where_torch_is_no_help(
    options: ModelOptions, monkeypatch: pytest.MonkeyPatch, precision: str, error: str
) -> None:
    async def failing(*_arguments: object) -> None:
        raise Unavailable("search by meaning", "no room")

    monkeypatch.setattr(opening, "made", failing)
    monkeypatch.setattr(opening, "find_installed", lambda: Installed(dict.fromkeys(LIBRARIES, "1.0")))
    monkeypatch.setitem(sys.modules, "mcp_toolweaver.embeddings.torch_runtime.runtime", None)
    with pytest.raises(Unavailable, match=error) as raised:
        await open_model(replace(options, precision=precision))
    assert type(raised.value) is Unavailable, "it may be there the next time"


async def test_after_it_is_open_a_query_does_not_wait_for_another_runtime(options: ModelOptions) -> None:
    opened: list[Rungs] = []

    class Watched(Rungs):
        def queries(self, plan: Plan, precision: Precision) -> list[Runtime]:
            opened.append(self)
            assert self.patience is None, "the first one is waited for"
            return super().queries(plan, precision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "Rungs", Watched)
        await open_model(options)
    assert [rungs.patience for rungs in opened] == [2.0]


async def test_notes_and_faults_are_said_when_documents_come(
    options: ModelOptions, caplog: pytest.LogCaptureFixture
) -> None:
    model = await open_model(replace(options, device="cuda:7"))
    assert "cuda:7" not in caplog.text
    await model.embed_documents(TEXTS)
    assert next(record.getMessage() for record in caplog.records if "cuda:7" in record.getMessage()).startswith(
        "search by meaning: the device cuda:7 is not there"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes there")
def test_a_disk_without_room_is_an_outage_of_meaning_and_leaves_nothing_behind(tmp_path: Path) -> None:
    import resource  # noqa: PLC0415  which Windows has not

    write_tiny_model(tmp_path / "tiny")
    code = (
        "import anyio, sys; from pathlib import Path\n"
        "sys.modules['torch'] = None\n"
        "from mcp_toolweaver.embeddings.opening import ModelOptions, open_model\n"
        f"anyio.run(open_model, ModelOptions({str(tmp_path / 'tiny')!r}, Path({str(tmp_path / 'models')!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)),
    )
    assert "Unavailable: search by meaning: the model cannot be prepared" in done.stderr
    assert "File too large" in done.stderr
    assert {path.name for path in (tmp_path / "models").iterdir()} <= {"known.json"}


def _sign(folder: Path, name: str) -> None:
    known = manifest.read(folder)
    assert known is not None
    digest = manifest.digest(folder / name)
    assert digest is not None
    manifest.write(folder, replace(known, files={**known.files, name: digest}))
