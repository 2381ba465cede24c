"""A request is read as a whole and in clauses, in English as far as it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import IndexQuery, SearchRequest
from mcp_toolweaver.search.question import CANDIDATES, Question
from mcp_toolweaver.text.query_terms import query_terms
from tests.fakes.embedder import FakeEmbedder

COMPOUND = "Find the cheapest flight to Oslo, and then add the trip to my calendar"
CLAUSES = ("Find the cheapest flight to Oslo", "add the trip to my calendar")
SPANISH = "crear una nueva incidencia en el repositorio"
MODEL = FakeEmbedder()


def read(text: str) -> Question:
    return Question.of(SearchRequest(text))


def to_index(text: str, *, embedded: bool = True) -> IndexQuery:
    question = read(text)
    vectors = [MODEL.vector(each) for each in question.texts] if embedded else ()
    return question.to_index(SearchRequest(text), vectors)


def test_a_simple_request_is_one_text_and_one_probe() -> None:
    question = read("Create an issue")
    assert (question.texts, question.original) == (("Create an issue",), None)
    assert [probe.terms for probe in to_index("Create an issue").probes] == [("creat", "issu")]


def test_a_request_of_several_needs_is_read_as_a_whole_and_by_clause() -> None:
    assert read(COMPOUND).texts == (COMPOUND, *CLAUSES)
    assert [probe.terms for probe in to_index(COMPOUND).probes] == [
        query_terms(text) for text in (COMPOUND, *CLAUSES)
    ]  # fmt: skip


def test_each_probe_has_the_vector_of_its_text() -> None:
    for text, probe in zip((COMPOUND, *CLAUSES), to_index(COMPOUND).probes, strict=True):
        assert probe.vector is not None
        np.testing.assert_array_equal(probe.vector, MODEL.vector(text))


@pytest.mark.parametrize("text", ["Create an issue", COMPOUND, SPANISH])
def test_without_vectors_the_probes_are_words_alone(text: str) -> None:
    by_words = to_index(text, embedded=False).probes
    assert [probe.vector for probe in by_words] == [None] * len(by_words)
    assert [probe.terms for probe in by_words] == [probe.terms for probe in to_index(text).probes]


def test_a_request_in_another_language_is_read_in_english() -> None:
    question = read(SPANISH)
    assert question.original == SPANISH
    assert SPANISH not in question.texts
    assert {"creat", "repositori"} <= set(to_index(SPANISH).probes[0].terms)


def test_the_words_of_another_language_are_the_last_probe_and_have_no_vector() -> None:
    *in_english, as_asked = to_index(SPANISH).probes
    assert [probe.vector is None for probe in in_english] == [False] * len(read(SPANISH).texts)
    assert (as_asked.terms, as_asked.vector) == (query_terms(SPANISH), None)


@pytest.mark.parametrize(("limit", "asked"), [(-1, CANDIDATES), (1, CANDIDATES), (CANDIDATES, CANDIDATES), (200, 200)])
def test_each_lane_is_asked_for_enough_candidates(limit: int, asked: int) -> None:
    assert Question.of(SearchRequest("x")).to_index(SearchRequest("x", limit=limit)).limit == asked


@pytest.mark.parametrize("domain", [None, "", "dev"])
def test_the_domain_is_passed_on(domain: str | None) -> None:
    assert Question.of(SearchRequest("x")).to_index(SearchRequest("x", domain=domain)).domain == domain


@pytest.mark.parametrize("text", ["word " * 20_000, "a" * 100_000, "一" * 100_000, "crear una incidencia " * 5_000])
def test_no_more_than_the_beginning_of_a_very_long_request_is_read(text: str) -> None:
    question = read(text)
    assert sum(map(len, (*question.texts, question.original or ""))) < 20_000
    assert to_index(text).probes


@given(st.text() | st.text("aeiou, .;:。、然后が\n-_/{}\"'", max_size=60))
def test_any_text_is_a_question(text: str) -> None:
    question = read(text)
    probes = to_index(text).probes
    assert len(probes) == len(question.texts) + (question.original is not None)
    assert [probe.vector is not None for probe in probes] == [True] * len(question.texts) + [False] * (
        len(probes) - len(question.texts)
    )
