"""Other words for what a tool says, from the table that ships."""

from importlib.resources import files

import pytest

from mcp_toolweaver.text.synonyms import synonyms
from mcp_toolweaver.text.tokenize import stem
from mcp_toolweaver.text.tool_text import SYNONYMS, field_terms, search_terms
from tests.fakes.tools import make_tool

LINES = (files("mcp_toolweaver.text") / "synonyms.txt").read_text(encoding="utf-8").splitlines()
GROUPS = [line.split() for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_every_word_of_a_group_brings_all_others_and_not_itself(group: list[str]) -> None:
    terms = [stem(word) for word in group]
    for term in terms:
        found = synonyms([term])
        assert set(terms) - {term} <= set(found)
        assert term not in found
        assert len(found) == len(set(found))


def test_what_is_said_already_is_not_said_again() -> None:
    assert set(synonyms(["delet", "remov"])) == {stem(word) for word in ("drop", "erase", "clear", "destroy")}


def test_words_of_no_group_have_no_synonyms() -> None:
    assert synonyms(["zebra", ""]) == []


def test_a_tool_is_searched_by_the_synonyms_of_its_name_and_description_only() -> None:
    schema = {"type": "object", "properties": {"movie": {"description": "a recipe"}}}
    terms = field_terms(make_tool("delete_thing", "Closes a meeting.", schema=schema))[SYNONYMS]
    assert {"remov", "resolv", "appoint"} <= set(terms)
    assert {"film", "cook"}.isdisjoint(terms)


def test_synonyms_are_not_the_tools_own_words() -> None:
    assert "remov" not in search_terms(make_tool("delete_thing"))
