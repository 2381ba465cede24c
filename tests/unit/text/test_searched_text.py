"""What of a tool is searched, field by field, and how much of it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.text.tool_text import FIELD_WEIGHTS, field_terms, passage, search_terms
from tests.fakes.tools import make_tool

WORDS = st.text(st.sampled_from("ab \n:é查") | st.characters(), max_size=40)
CROWDS = st.lists(st.sampled_from(["read", "write"]) | st.integers(0, 150).map("w{}".format), max_size=300)
TEXTS = WORDS | CROWDS.map(" ".join)
SCHEMAS = st.dictionaries(TEXTS, st.fixed_dictionaries({"description": TEXTS, "enum": st.lists(TEXTS, max_size=3)}))
NAME_FIELDS = {"server", "name", "title"}


def with_parameters(**properties: Any) -> Tool:
    return make_tool("read", schema={"type": "object", "properties": properties})


def made_of(name: str, text: str, schema: dict[str, Any]) -> Tool:
    """Return a tool of one text in every place, and nothing of it mended."""
    raw = {"name": name, "title": text, "description": text, "inputSchema": {"properties": schema}}
    return Tool(ToolId(name, name), raw, server_description=text)


def test_every_part_of_a_tool_is_a_field_of_its_own() -> None:
    mode = {"description": "How.", "enum": ["fast", "slow"]}
    raw = {
        "name": "zipArchive",
        "title": "Opener",
        "description": "Squeezes prose.\n\nArgs:\n  mode: see below",
        "inputSchema": {"properties": {"open_mode": mode, "many": {"items": {"enum": ["deep"]}}}},
    }
    assert field_terms(Tool.from_definition("disk", raw, server_description="A store.")) == {
        "server": ["disk"],
        "name": ["ziparch", "zip", "archiv"],
        "title": ["open"],
        "description": ["squeez", "prose"],
        "usage": ["arg", "mode", "see", "below"],
        "parameters": ["open", "mode", "mani"],
        "parameter texts": ["how"],
        "choices": ["fast", "slow", "deep"],
        "server description": ["store"],
    }


def test_every_field_has_a_weight_and_names_weigh_more_than_prose_and_prose_more_than_usage() -> None:
    tool = made_of("delete", "prose\nArgs:\nhow", {"p": {"description": "text", "enum": ["x"]}})
    assert set(field_terms(tool)) == set(FIELD_WEIGHTS)
    least = min(FIELD_WEIGHTS[field] for field in NAME_FIELDS)
    assert least > FIELD_WEIGHTS["description"] > FIELD_WEIGHTS["usage"] > 0


def test_fields_without_terms_are_left_out() -> None:
    assert field_terms(make_tool("zip", "...", schema={"properties": {"_": {"enum": []}}})) == {
        "server": ["srv"],
        "name": ["zip"],
    }


def test_the_terms_of_a_tool_are_those_of_its_fields() -> None:
    assert Counter(search_terms(make_tool("zip", "zip it", server="zip"))) == {"zip": 3}


@pytest.mark.parametrize(
    "heading", ["Args:", "Arguments", "PARAMETERS :", "  Inputs:", "Returns:", "Example", "Examples:\r", "Output:"]
)
def test_lists_of_arguments_and_examples_are_no_part_of_the_purpose(heading: str) -> None:
    tool = make_tool("t", f"Reads files.\n{heading}\nthe path")
    assert field_terms(tool)["description"] == ["read", "file"]
    assert field_terms(tool)["usage"][1:] == ["path"]
    assert passage(tool) == "srv t: Reads files."


@pytest.mark.parametrize("description", ["\nArgs:\npath", "  \n\nReturns\nfiles", "Example: path", "Takes path"])
def test_a_description_that_is_not_split_is_all_purpose(description: str) -> None:
    terms = field_terms(make_tool("t", description))
    assert "usage" not in terms
    assert len(terms["description"]) == 2


@pytest.mark.parametrize("properties", [None, [], "path", {"path": 3}, {"path": {"description": ["x"], "enum": "y"}}])
def test_odd_schemas_are_searched_as_far_as_they_go(properties: Any) -> None:
    tool = Tool(ToolId("s", "zip"), {"name": "zip", "inputSchema": {"properties": properties}})
    assert {"s", "zip"} <= {*search_terms(tool)} <= {"s", "zip", "path"}


def test_choices_that_are_no_texts_and_descriptions_that_are_none_say_nothing() -> None:
    terms = field_terms(with_parameters(p={"description": None, "enum": [1, None, True, {"a": 1}, "b"]}))
    assert "parameter texts" not in terms
    assert terms["choices"] == ["b"]


def test_what_stands_far_back_is_not_searched() -> None:
    filler = "filler " * 600
    assert "late" not in search_terms(make_tool("read", f"early {filler}late"))
    assert "late" not in search_terms(with_parameters(p={"description": f"early {'filler ' * 50}late"}))
    assert "late" not in search_terms(Tool(ToolId("s", "t"), {"name": "t"}, server_description=f"early {filler}late"))
    assert "late" not in search_terms(with_parameters(**{"filler " * 5000 + "late": {}}))


def test_only_the_first_64_parameters_are_searched() -> None:
    terms = set(search_terms(with_parameters(**{f"p{at}x": {"enum": [f"e{at}x"]} for at in range(10_000)})))
    assert {"p63x", "e63x"} <= terms
    assert not {"p64x", "e64x"} & terms


def test_only_the_first_20_choices_of_a_parameter_and_64_characters_of_each_are_searched() -> None:
    terms = field_terms(with_parameters(p={"enum": [f"e{at}x {'.' * 60} late" for at in range(10_000)]}))
    assert terms["choices"] == [f"e{at}x" for at in range(20)]


def everywhere(word: str, times: int) -> Tool:
    text = " ".join([word] * times)
    return made_of(text, text, {text: {"description": text, "enum": [text]}})


def test_a_word_said_ten_thousand_times_gains_nothing_over_three_times() -> None:
    stuffed = field_terms(everywhere("yak", 10_000))
    assert {field: terms for field, terms in stuffed.items() if terms != ["yak"] * 3} == {}
    assert len(stuffed) == 8
    for word in ("yak", "buy"):
        assert field_terms(everywhere(word, 10_000)) == field_terms(everywhere(word, 3))


def test_a_field_holds_80_distinct_terms_and_a_name_12_terms() -> None:
    words = " ".join(f"w{at}" for at in range(10_000))
    fields = field_terms(made_of(words, words, {words: {}}))
    lengths = {field: len(set(terms)) for field, terms in fields.items()}
    assert lengths == {
        **dict.fromkeys(NAME_FIELDS, 12),
        **dict.fromkeys(["description", "parameters", "server description"], 80),
    }


def test_terms_that_are_held_already_still_count_once_a_field_is_full() -> None:
    words = " ".join([*(f"w{at}" for at in range(80)), "other", "w0", "w79"])
    terms = Counter(field_terms(make_tool("t", words))["description"])
    assert (terms["w0"], terms["w79"], terms["other"]) == (2, 2, 0)


@given(TEXTS, TEXTS, SCHEMAS)
def test_the_fields_of_any_tool_are_bounded(name: str, text: str, schema: dict[str, Any]) -> None:
    for field, terms in field_terms(made_of(name, text, schema)).items():
        times = Counter(terms)
        assert terms
        assert max(times.values()) <= 3
        assert len(times) <= 80
        assert field not in NAME_FIELDS or len(terms) <= 12


def test_marks_without_end_are_read_in_linear_time() -> None:
    assert search_terms(make_tool("t", server="s", schema={"properties": {"\u0301\u0316" * 1_000_000: {}}})) == [
        "s",
        "t",
    ]


def test_the_passage_names_server_and_tool_in_words_before_the_description() -> None:
    assert passage(make_tool("create_pull-request", "Opens one.", server="git_hub")) == (
        "git hub create pull request: Opens one."
    )
    assert passage(make_tool("getAllHTMLItems.now", "", server="s")) == "s get All HTML Items now: "


@pytest.mark.parametrize(("name", "description"), [("read", "x" * 10_000), ("x" * 10_000, "Reads."), ("read", "")])
def test_the_passage_is_never_longer_than_a_model_reads(name: str, description: str) -> None:
    text = passage(Tool(ToolId("s", name), {"name": name, "description": description}))
    assert text == f"s {name}: {description}"[:1200]


@given(TEXTS, TEXTS, SCHEMAS)
def test_the_passage_of_any_tool_is_bounded(name: str, text: str, schema: dict[str, Any]) -> None:
    assert len(passage(made_of(name * 100, text * 100, schema))) <= 1200


def test_tools_of_one_text_on_two_servers_have_passages_of_their_own() -> None:
    assert passage(make_tool("read", "Reads.", server="a")) != passage(make_tool("read", "Reads.", server="b"))
