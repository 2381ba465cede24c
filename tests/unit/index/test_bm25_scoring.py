"""Scoring term by term gives what the library gives document by document."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from mcp_toolweaver.index.bm25 import K1, B, Bm25

TERMS = st.sampled_from(["read", "write", "file", "mail", "send", "zebra"])
CORPORA = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=15)
QUERIES = st.lists(TERMS | st.just("unknown"), max_size=8)


class ReferenceBm25(BM25Okapi):  # type: ignore[misc]
    """The library, with the inverse document frequency that stays positive."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        size: int = self.corpus_size
        self.idf = {term: math.log(1 + (size - holders + 0.5) / (holders + 0.5)) for term, holders in nd.items()}


def reference_scores(corpus: list[list[str]], query: list[str]) -> list[float]:
    reference: Any = ReferenceBm25(corpus, k1=K1, b=B)
    return list(map(float, reference.get_scores(query)))


@given(CORPORA.filter(any), QUERIES)
def test_scores_equal_those_of_the_library(corpus: list[list[str]], query: list[str]) -> None:
    assert Bm25(corpus).scores(query).tolist() == pytest.approx(reference_scores(corpus, query), rel=1e-5, abs=1e-6)


def test_a_score_follows_the_published_formula() -> None:
    corpus = [["read", "file", "file"], ["send"]]
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    expected = idf * 2 * (1.5 + 1) / (2 + 1.5 * (1 - 0.75 + 0.75 * 3 / 2))
    assert Bm25(corpus).scores(["file"]).tolist() == pytest.approx([expected, 0])


def test_a_term_that_every_document_holds_still_counts() -> None:
    assert (Bm25([["a"], ["a"], ["a"]]).scores(["a"]) > 0).all()


def test_a_term_asked_for_twice_counts_twice() -> None:
    bm25 = Bm25([["a", "b"], ["b"]])
    assert bm25.scores(["a", "a"]).tolist() == pytest.approx((2 * bm25.scores(["a"])).tolist())


@pytest.mark.parametrize("corpus", [[], [[]], [[], []]])
def test_a_corpus_without_terms_scores_nothing(corpus: list[list[str]]) -> None:
    assert Bm25(corpus).scores(["a"]).tolist() == [0.0] * len(corpus)


@given(st.lists(st.lists(st.sampled_from([f"t{at}" for at in range(40)]), max_size=40), max_size=30), st.data())
def test_coverage_is_a_share(corpus: list[list[str]], data: st.DataObject) -> None:
    query = data.draw(st.lists(st.sampled_from([f"t{at}" for at in range(42)]), max_size=42))
    coverage = Bm25(corpus).coverage(query, np.arange(len(corpus)))
    assert coverage.shape == (len(corpus),)
    assert (coverage >= 0).all()
    assert (coverage <= 1).all()


@given(CORPORA, QUERIES)
def test_coverage_is_full_where_a_document_holds_every_term_and_nothing_where_none(
    corpus: list[list[str]], query: list[str]
) -> None:
    for row, share in enumerate(Bm25(corpus).coverage(query, np.arange(len(corpus))).tolist()):
        held = set(query) & set(corpus[row])
        assert (share == pytest.approx(1)) == (bool(query) and held == set(query))
        assert (share == 0) == (not held)


def test_full_coverage_is_never_more_than_one() -> None:
    documents = [[f"t{at}" for at in range(size)] for size in range(1, 40)]
    shares = [Bm25([terms]).coverage(terms, np.array([0])).item() for terms in documents]
    assert shares == pytest.approx([1] * len(documents))
    assert max(shares) <= 1


def test_coverage_weighs_terms_by_their_rarity() -> None:
    corpus = [["common", "x"], ["common", "y"], ["common", "z"], ["rare"]]
    common, rare = Bm25(corpus).coverage(["common", "rare"], np.array([0, 3])).tolist()
    assert common < 0.5 < rare
    assert common + rare == pytest.approx(1)


def test_an_unknown_term_weighs_as_much_as_the_rarest() -> None:
    known, unknown = (Bm25([["a"], ["b"]]).coverage(["a", other], np.array([0])).item() for other in ("b", "zebra"))
    assert 0 < unknown < known


def test_coverage_of_rows_comes_in_the_order_of_the_rows() -> None:
    assert Bm25([["a"], ["b"]]).coverage(["b"], np.array([1, 0, 1])).tolist() == [1.0, 0.0, 1.0]


def test_coverage_does_not_depend_on_the_order_or_repetition_of_the_terms() -> None:
    bm25 = Bm25([["a", "b"], ["b", "c"]])
    rows = np.array([0, 1])
    first = bm25.coverage(["a", "b", "c"], rows)
    assert bm25.coverage(["c", "b", "b", "a", "a"], rows).tolist() == pytest.approx(first.tolist())
