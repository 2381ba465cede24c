"""What a model's folder says about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.core.errors import Unavailable
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
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"pooling_mode": ["mean", "cls"]}),
        ("1_Pooling/config.json", {"pooling_mode": None}),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}),
        ("sentence_bert_config.json", {"modality_config": {"text": {"method": "get_text_features"}}}),
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


def write_as_version_6(folder: Path) -> None:
    """Turn a model into what sentence-transformers 6 writes: the maximum is the tokenizer's alone."""
    kinds = ("base.modules.transformer.Transformer", "sentence_transformer.modules.pooling.Pooling")
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_Pooling" * number,
            "type": f"sentence_transformers.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    pooling = {"embedding_dimension": DIMENSION, "pooling_mode": "cls", "include_prompt": True}
    wrapper = {
        "transformer_task": "feature-extraction",
        "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
        "module_output_name": "token_embeddings",
    }
    files = {"modules.json": modules, "1_Pooling/config.json": pooling, "sentence_bert_config.json": wrapper}
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    _change(folder / "config.json", max_position_embeddings=512)
    _change(folder / "tokenizer_config.json", model_max_length=256)


def test_what_the_newest_version_writes_has_a_recipe(folder: Path) -> None:
    write_as_version_6(folder)
    assert read_recipe(folder) == Recipe(DIMENSION, 256, "cls")


@pytest.mark.parametrize(
    ("told", "positions", "kind", "expected"),
    [
        ({"model_max_length": 128}, 512, "bert", 128),
        ({"model_max_length": 1e30}, 512, "bert", 512),
        ({"model_max_length": 1000000000000000019884624838656}, 300, "bert", 300),
        ({"model_max_length": 1e30}, None, "bert", 512),
        ({"model_max_length": "64"}, 512, "bert", 512),
        ({"model_max_length": True}, 512, "bert", 512),
        ({"max_len": 64}, 512, "bert", 64),
        ({"model_max_length": 514}, 514, "roberta", 512),
        ({"model_max_length": 1e30}, 514, "mpnet", 512),
        ({"model_max_length": 384}, 514, "mpnet", 384),
        ({"model_max_length": 9}, 1, "roberta", 1),
    ],
)
def test_where_only_the_tokenizer_says_how_much_it_keeps_that_counts(
    folder: Path, told: dict[str, Any], positions: int | None, kind: str, expected: int
) -> None:
    write_as_version_6(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")
    _change(folder / "config.json", max_position_embeddings=positions, model_type=kind, pad_token_id=1)
    found = read_recipe(folder)
    assert found is not None
    assert found.max_length == expected


def test_what_the_model_says_comes_before_what_the_tokenizer_says(folder: Path) -> None:
    _change(folder / "tokenizer_config.json", model_max_length=4)
    found = read_recipe(folder)
    assert found is not None
    assert found.max_length == 8
    _change(folder / "sentence_bert_config.json", tokenizer_args={"model_max_length": 5})
    found = read_recipe(folder)
    assert found is not None
    assert found.max_length == 5


def test_what_is_said_in_the_file_of_an_older_version_counts(folder: Path) -> None:
    (folder / "sentence_bert_config.json").rename(folder / "sentence_roberta_config.json")
    found = read_recipe(folder)
    assert found is not None
    assert found.max_length == 8


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that is there and cannot be read")
@pytest.mark.parametrize("file", ["modules.json", "config.json", "1_Pooling/config.json"])
def test_what_cannot_be_read_just_now_does_not_make_it_another_model(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (folder / file).symlink_to("/proc/self/mem")
    with pytest.raises(Unavailable, match="cannot be read just now"):
        read_recipe(folder)


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
