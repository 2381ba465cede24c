"""Scoring term by term gives what the formula gives document by document."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from mcp_toolweaver.index.bm25 import K1, B, Bm25F
from tests.unit.index import reference

WEIGHTS = {"name": 2.0, "prose": 0.8, "usage": 0.4}
LENGTHS = {"name": 1.5, "prose": 4.0, "usage": 9.0}
TERMS = st.sampled_from(["read", "write", "file", "mail", "send", "zebra"])
TEXTS = st.lists(TERMS, max_size=12)
CORPORA = st.lists(TEXTS, min_size=1, max_size=15)
FIELDED = st.lists(st.dictionaries(st.sampled_from(list(WEIGHTS)), TEXTS), max_size=12)
QUERIES = st.lists(TERMS | st.just("unknown"), max_size=8)


class LibraryBm25(BM25Okapi):  # type: ignore[misc]
    """The library, with the inverse document frequency that stays positive."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        size: int = self.corpus_size
        self.idf = {term: math.log(1 + (size - holders + 0.5) / (holders + 0.5)) for term, holders in nd.items()}


def library_scores(corpus: list[list[str]], query: list[str]) -> list[float]:
    library: Any = LibraryBm25(corpus, k1=K1, b=B)
    return list(map(float, library.get_scores(query)))


def of_prose(corpus: list[list[str]]) -> Bm25F:
    """Return the scores of documents of one field that weighs 1, which is plain BM25."""
    average = sum(map(len, corpus)) / max(len(corpus), 1)
    return Bm25F([{"prose": terms} for terms in corpus], {"prose": 1.0}, {"prose": average or 1.0})


def close_to(expected: list[float]) -> Any:
    return pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(FIELDED, QUERIES)
def test_scores_equal_those_of_the_formula(documents: list[dict[str, list[str]]], query: list[str]) -> None:
    assert Bm25F(documents, WEIGHTS, LENGTHS).scores(query).tolist() == close_to(
        reference.scores(documents, query, WEIGHTS, LENGTHS)
    )


@given(CORPORA.filter(all), st.lists(TERMS | st.just("unknown"), unique=True))
def test_scores_of_one_field_equal_those_of_the_library(corpus: list[list[str]], query: list[str]) -> None:
    assert of_prose(corpus).scores(query).tolist() == close_to(library_scores(corpus, query))


def test_a_score_follows_the_published_formula() -> None:
    documents = [{"name": ["read"], "prose": ["read", "file", "file"]}, {"name": ["send", "read"], "prose": ["mail"]}]
    name, prose = 2.0 / (1 - 0.75 + 0.75 * 1 / 1.5), 0.8 / (1 - 0.75 + 0.75 * 3 / 4)
    read = math.log(1 + (2 - 2 + 0.5) / (2 + 0.5)) * (1.4 + 1) * (name + prose) / (1.4 + name + prose)
    file = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5)) * (1.4 + 1) * 2 * prose / (1.4 + 2 * prose)
    bm25f = Bm25F(documents, WEIGHTS, LENGTHS)
    assert bm25f.scores(["read", "file"])[0] == pytest.approx(read + file)
    assert bm25f.scores(["file"]).tolist() == pytest.approx([file, 0])


def test_a_field_of_more_weight_scores_higher() -> None:
    in_name, in_usage, *_rest = Bm25F([{"name": ["a"]}, {"usage": ["a"]}, {"prose": ["b"]}], WEIGHTS, LENGTHS).scores(
        ["a"]
    )
    assert in_name > in_usage > 0


def test_fields_saturate_together() -> None:
    spread, alone, _other = Bm25F(
        [{"name": ["a"], "prose": ["a"], "usage": ["a"]}, {"name": ["a"]}, {"name": ["b"]}], WEIGHTS, LENGTHS
    ).scores(["a"])
    assert alone < spread < alone * (1 + 0.8 / 2.0 + 0.4 / 2.0)


def test_what_a_term_adds_to_a_document_depends_on_others_only_by_its_rarity() -> None:
    document = {"name": ["a"], "prose": ["b", "b"]}
    first, *_rest = Bm25F([document, {"prose": ["c"]}], WEIGHTS, LENGTHS).scores(["b"])
    later, *_rest = Bm25F([document, {"prose": ["c"] * 50}, {"name": ["c"]}], WEIGHTS, LENGTHS).scores(["b"])
    assert later / math.log(1 + 2.5 / 1.5) == pytest.approx(first / math.log(1 + 1.5 / 1.5))


def test_a_term_that_every_document_holds_still_counts() -> None:
    assert (of_prose([["a"], ["a"], ["a"]]).scores(["a"]) > 0).all()


@pytest.mark.parametrize("times", [1, 2, 3, 7, 100])
def test_a_term_asked_for_again_counts_by_the_logarithm(times: int) -> None:
    bm25f = of_prose([["a", "b"], ["b"]])
    once = bm25f.scores(["a"])
    assert bm25f.scores(["a"] * times).tolist() == pytest.approx((math.log2(1 + times) * once).tolist())


@given(FIELDED, QUERIES)
def test_the_order_of_the_terms_of_a_question_does_not_matter(
    documents: list[dict[str, list[str]]], query: list[str]
) -> None:
    bm25f = Bm25F(documents, WEIGHTS, LENGTHS)
    assert bm25f.scores(query[::-1]).tolist() == close_to(bm25f.scores(query).tolist())


@pytest.mark.parametrize("documents", [[], [{}], [{}, {}], [{"prose": []}, {"name": []}], [{"odd": ["a"]}]])
def test_documents_without_terms_in_known_fields_score_nothing(documents: list[dict[str, list[str]]]) -> None:
    bm25f = Bm25F(documents, WEIGHTS, LENGTHS)
    assert bm25f.scores(["a"]).tolist() == [0.0] * len(documents)
    assert bm25f.coverage(["a"], np.arange(len(documents))).tolist() == [0.0] * len(documents)


@given(st.lists(st.lists(st.sampled_from([f"t{at}" for at in range(40)]), max_size=40), max_size=30), st.data())
def test_coverage_is_a_share(corpus: list[list[str]], data: st.DataObject) -> None:
    query = data.draw(st.lists(st.sampled_from([f"t{at}" for at in range(42)]), max_size=42))
    coverage = of_prose(corpus).coverage(query, np.arange(len(corpus)))
    assert coverage.shape == (len(corpus),)
    assert (coverage >= 0).all()
    assert (coverage <= 1).all()


@given(FIELDED, QUERIES)
def test_coverage_is_full_where_a_document_holds_every_term_in_any_field_and_nothing_where_none(
    documents: list[dict[str, list[str]]], query: list[str]
) -> None:
    for row, share in enumerate(Bm25F(documents, WEIGHTS, LENGTHS).coverage(query, np.arange(len(documents))).tolist()):
        held = set(query) & {term for terms in documents[row].values() for term in terms}
        assert (share == pytest.approx(1)) == (bool(query) and held == set(query))
        assert (share == 0) == (not held)


def test_full_coverage_is_never_more_than_one() -> None:
    documents = [[f"t{at}" for at in range(size)] for size in range(1, 40)]
    shares = [of_prose([terms]).coverage(terms, np.array([0])).item() for terms in documents]
    assert shares == pytest.approx([1] * len(documents))
    assert max(shares) <= 1


def test_coverage_weighs_terms_by_their_rarity() -> None:
    corpus = [["common", "x"], ["common", "y"], ["common", "z"], ["rare"]]
    common, rare = of_prose(corpus).coverage(["common", "rare"], np.array([0, 3])).tolist()
    assert common < 0.5 < rare
    assert common + rare == pytest.approx(1)


def test_coverage_does_not_depend_on_the_field_that_holds_a_term() -> None:
    bm25f = Bm25F([{"name": ["a"]}, {"usage": ["a"], "prose": ["c"]}, {"prose": ["b"]}], WEIGHTS, LENGTHS)
    in_name, in_usage, nowhere = bm25f.coverage(["a", "b"], np.arange(3)).tolist()
    assert in_name == in_usage > 0
    assert nowhere == pytest.approx(1 - in_name)


def test_an_unknown_term_weighs_as_much_as_the_rarest() -> None:
    known, unknown = (of_prose([["a"], ["b"]]).coverage(["a", other], np.array([0])).item() for other in ("b", "zebra"))
    assert 0 < unknown < known


def test_coverage_of_rows_comes_in_the_order_of_the_rows() -> None:
    assert of_prose([["a"], ["b"]]).coverage(["b"], np.array([1, 0, 1])).tolist() == [1.0, 0.0, 1.0]


def test_coverage_does_not_depend_on_the_order_or_repetition_of_the_terms() -> None:
    bm25f = of_prose([["a", "b"], ["b", "c"]])
    rows = np.array([0, 1])
    first = bm25f.coverage(["a", "b", "c"], rows)
    assert bm25f.coverage(["c", "b", "b", "a", "a"], rows).tolist() == pytest.approx(first.tolist())
