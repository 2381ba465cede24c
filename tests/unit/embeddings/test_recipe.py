"""What a model's folder says about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.embeddings.recipe import Recipe, prompts, read_recipe
from tests.fakes.tiny_model import DIMENSION, write_tiny_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny", max_length=8)


def _change(path: Path, **values: Any) -> None:
    given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**given, **values}), encoding="utf-8")


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_model_that_only_pools_has_a_recipe(tmp_path: Path, pooling: str) -> None:
    found = read_recipe(write_tiny_model(tmp_path / "tiny", pooling=pooling, max_length=8))
    assert found is not None
    assert (found.dimension, found.max_length, found.pooling) == (DIMENSION, 8, pooling)


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}),  # two kinds, one after the other
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": True}),
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config.json", {"hidden_size": "16"}),
        ("config.json", {"hidden_size": 0}),
    ],
)
def test_what_else_a_model_does_is_left_to_its_own_library(folder: Path, file: str, values: dict[str, Any]) -> None:
    _change(folder / file, **values)
    assert read_recipe(folder) is None


@pytest.mark.parametrize("kind", ["sentence_transformers.models.Dense", "somebody.models.Other", "", "Dense"])
def test_a_part_that_is_neither_transformer_nor_pooling_is_left_to_its_own_library(folder: Path, kind: str) -> None:
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    (folder / "modules.json").write_text(json.dumps([*modules, {"type": kind, "path": "2_Other"}]), encoding="utf-8")
    assert read_recipe(folder) is None


@pytest.mark.parametrize("file", ["modules.json", "config.json", "1_Pooling/config.json"])
@pytest.mark.parametrize("text", [None, "", "[", "5", "{}"])
def test_a_folder_that_does_not_say_has_no_recipe(folder: Path, file: str, text: str | None) -> None:
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text, encoding="utf-8")
    assert read_recipe(folder) is None


@pytest.mark.parametrize(
    ("limit", "positions", "expected"), [(8, None, 8), (None, 20, 20), (30, 20, 20), (None, None, 512), (0, -1, 512)]
)
def test_a_model_sees_no_more_than_it_has_positions_for(
    folder: Path, limit: int | None, positions: int | None, expected: int
) -> None:
    _change(folder / "sentence_bert_config.json", max_seq_length=limit)
    _change(folder / "config.json", max_position_embeddings=positions)
    found = read_recipe(folder)
    assert found is not None
    assert found.max_length == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"query": "query: ", "document": "passage: "}, ("query: ", "passage: ")),
        ({"query": "query: ", "passage": "passage: "}, ("query: ", "passage: ")),
        ({"query": "", "corpus": "c "}, ("", "c ")),
        ({"query": None, "document": None}, ("", "")),
        ({"query": 5, "document": ["x"]}, ("", "")),
        ({"other": "x"}, ("", "")),
        ([], ("", "")),
        (None, ("", "")),
    ],
)
def test_prompts_are_those_for_queries_and_documents(folder: Path, given: Any, expected: tuple[str, str]) -> None:
    _change(folder / "config_sentence_transformers.json", prompts=given)
    assert prompts(folder) == expected
    found = read_recipe(folder)
    assert found == Recipe(DIMENSION, 8, "mean", *expected)
