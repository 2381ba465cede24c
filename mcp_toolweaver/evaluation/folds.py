"""Splits queries so that what is learned on some is tested on others that have nothing to do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.evaluation.labelled import LabelledQuery

_SEED = 0


def groups_of(queries: Sequence[LabelledQuery]) -> NDArray[np.intp]:
    """Return the number of each query's group, from 0: queries of one text or with a tool in common.

    The relation is followed through: if a and b share a tool and b and c another one, all three
    are one group.
    """
    parents = list(range(len(queries)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = index = parents[parents[index]]
        return index

    first: dict[str, int] = {}
    for index, query in enumerate(queries):
        for mark in _marks(query):
            parents[root(index)] = root(first.setdefault(mark, index))
    roots = [root(index) for index in range(len(queries))]
    return np.unique(roots, return_inverse=True)[1].astype(np.intp)


def folds_of(groups: NDArray[np.intp], folds: int, *, seed: int = _SEED) -> NDArray[np.intp]:
    """Return the number of each query's fold; a group stays together, and the folds are about equal.

    The groups are shuffled, then the largest goes first, each into the smallest fold so far.
    """
    sizes = np.bincount(groups)
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    fold_of_group = np.zeros(len(sizes), dtype=np.intp)
    filled = np.zeros(folds, dtype=np.intp)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        smallest = int(np.argmin(filled))
        fold_of_group[group] = smallest
        filled[smallest] += sizes[group]
    return fold_of_group[groups]


def _marks(query: LabelledQuery) -> Iterator[str]:
    """Yield what makes a query related to another one."""
    yield f"text {' '.join(query.text.casefold().split())}"
    for need in query.needs:
        for tool in need:
            yield f"tool {tool}"
