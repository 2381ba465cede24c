"""Words as sparse vectors say the same as BM25F over the terms themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Match, Probe
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.bm25 import Bm25F
from mcp_toolweaver.index.change import change
from mcp_toolweaver.index.engine import Sparse
from mcp_toolweaver.index.lanes import Asked
from mcp_toolweaver.index.sparse import AskedWords, dimension, words_of
from mcp_toolweaver.index.view import View
from mcp_toolweaver.text.tool_text import FIELD_LENGTHS, FIELD_WEIGHTS, field_terms
from tests.fakes.tools import make_tool

WORDS = ("read", "file", "disk", "mail", "zebra", "cloud", "branch")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
CORPORA = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8)
QUESTIONS = st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=6).map(tuple)


def tools_of(corpus: Sequence[tuple[str, str]]) -> list[Tool]:
    """Return a tool for each pair of a description and a parameter's."""
    tools: list[Tool] = []
    for at, (description, parameter) in enumerate(corpus):
        schema = {"type": "object", "properties": {"value": {"type": "string", "description": parameter}}}
        tools.append(make_tool(f"tool_{at}", description, schema=schema))
    return tools


def view_of(tools: Sequence[Tool]) -> View:
    return change(View.empty(), {}, "test", [IndexEntry(tool) for tool in tools], []).view


def bm25f_of(tools: Sequence[Tool]) -> Bm25F:
    return Bm25F([field_terms(tool) for tool in tools], FIELD_WEIGHTS, FIELD_LENGTHS)


def matches(view: View, *probes: Probe) -> list[Match]:
    """Return all tools of a view as candidates of a question."""
    asked = Asked.of(IndexQuery(probes, 10), view, 16)
    return list(asked.candidates(range(len(view)), [], ()).matches)


def dot(one: Sparse, other: Sparse) -> float:
    held = dict(zip(other.indices, other.values, strict=True))
    return sum(value * held.get(index, 0) for index, value in zip(one.indices, one.values, strict=True))


@settings(max_examples=40)
@given(CORPORA, QUESTIONS)
def test_the_dot_product_is_the_score_of_bm25f(corpus: list[tuple[str, str]], terms: tuple[str, ...]) -> None:
    tools = tools_of(corpus)
    asked = AskedWords.of(terms, view_of(tools)).known
    scores = [dot(asked, words) for words in words_of(tools)]
    assert scores == pytest.approx(bm25f_of(tools).scores(terms).tolist(), rel=1e-5, abs=1e-6)


@settings(max_examples=40)
@given(CORPORA, QUESTIONS, QUESTIONS)
def test_candidates_have_the_scores_and_the_coverage_of_bm25f(
    corpus: list[tuple[str, str]], whole: tuple[str, ...], part: tuple[str, ...]
) -> None:
    tools = tools_of(corpus)
    found, expected = matches(view_of(tools), Probe(whole), Probe(part)), bm25f_of(tools)
    for at, terms in enumerate((whole, part)):
        scores = [match.lexical[at] for match in found]
        assert scores == pytest.approx(expected.scores(terms).tolist(), rel=1e-5, abs=1e-6)
    coverage = expected.coverage(whole, np.arange(len(tools))).tolist()
    assert [match.coverage for match in found] == pytest.approx(coverage, abs=1e-6)


@settings(max_examples=40)
@given(CORPORA, QUESTIONS, QUESTIONS)
def test_of_two_wholes_the_better_coverage_counts(
    corpus: list[tuple[str, str]], whole: tuple[str, ...], other: tuple[str, ...]
) -> None:
    tools = tools_of(corpus)
    rows = np.arange(len(tools))
    expected = np.maximum(bm25f_of(tools).coverage(whole, rows), bm25f_of(tools).coverage(other, rows))
    found = matches(view_of(tools), Probe(whole), Probe(other, is_whole=True))
    assert [match.coverage for match in found] == pytest.approx(expected.tolist(), abs=1e-6)


@settings(max_examples=40)
@given(CORPORA)
def test_the_words_of_a_tool_do_not_depend_on_the_others(corpus: list[tuple[str, str]]) -> None:
    tools = tools_of(corpus)
    assert words_of(tools) == [words for tool in tools for words in words_of([tool])]


@settings(max_examples=40)
@given(CORPORA)
def test_dimensions_are_distinct_ascending_and_of_32_bits(corpus: list[tuple[str, str]]) -> None:
    for words in words_of(tools_of(corpus)):
        assert list(words.indices) == sorted(set(words.indices))
        assert all(0 <= index < 2**32 for index in words.indices)
        assert all(value > 0 for value in words.values)


def test_no_tools_have_no_words() -> None:
    assert words_of([]) == []


def test_a_tool_without_a_word_has_none() -> None:
    nameless = replace(make_tool("x", "Reads."), definition={"name": "x"})
    (words,) = words_of([replace(nameless, id=replace(nameless.id, server="", name="--"))])
    assert (list(words.indices), list(words.values)) == ([], [])


def test_terms_of_one_dimension_count_together() -> None:
    one, other = "plumless", "buckeroo"  # the CRC-32 of both is 1306201125
    assert dimension(one) == dimension(other) == 1306201125
    both, single = make_tool("a", f"{one} {other}"), make_tool("b", one)
    terms = {tool.id.name: field_terms(tool)["description"] for tool in (both, single)}
    assert terms == {"a": [one, other], "b": [one]}
    (words,) = words_of([both])
    place = list(words.indices).index(1306201125)
    saturation = bm25f_of([both]).scores([one])[0] / AskedWords.of([one], view_of([both])).weights[0]
    assert words.values[place] == pytest.approx(2 * saturation)


def test_a_question_for_both_terms_of_one_dimension_is_answered() -> None:
    view = view_of([make_tool("a", "plumless"), make_tool("b", "mail")])
    (found, other) = matches(view, Probe(("plumless", "buckeroo")))
    assert found.lexical[0] > 0 == other.lexical[0]
    assert (found.coverage, other.coverage) == (1, 0)


def test_a_term_that_no_tool_holds_is_not_asked_for() -> None:
    asked = AskedWords.of(("read", "unknown"), view_of([make_tool("a", "read")]))
    assert list(asked.known.indices) == [dimension("read")]
    assert asked.is_known.tolist().count(True) == 1


@pytest.mark.parametrize("term", ["", "\ud800", "äöü", "读取"])
def test_any_term_has_a_dimension(term: str) -> None:
    assert 0 <= dimension(term) < 2**32
