"""Whether two runs on the same queries differ by more than chance.

The paired randomization test (Fisher 1935; recommended for retrieval by Smucker, Allan &
Carterette, CIKM 2007): if the runs were equally good, each query's difference could as well have
had the other sign. p is the share of sign patterns whose mean difference is at least as far from
zero as the one that was seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 10_000
SIGNIFICANT = 0.05

_SEED = 0
_MOST_EXACT = 13
"""With at most so many differences all sign patterns are tried: 2**13 are fewer than the random ones."""
_BLOCK = 1_000
_TOLERANCE = 1e-9


def randomization_test(differences: Sequence[float], *, seed: int = _SEED) -> float:
    """Return the two-sided p, above 0 and at most 1; 1 if there is no difference at all.

    Differences of zero are left out, since their sign says nothing. Beyond 13 differences, p is
    estimated from random patterns with the pattern that was seen among them, so that it is never
    0 (Phipson & Smyth 2010).
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.abs(values) > _TOLERANCE]
    if len(values) == 0:
        return 1.0
    seen = abs(float(values.sum())) - _TOLERANCE
    if len(values) <= _MOST_EXACT:
        return float(np.mean(np.abs(_all_signs(len(values)) @ values) >= seen))
    random = np.random.default_rng(seed)
    blocks = (_random_signs(random, len(values)) for _ in range(PERMUTATIONS // _BLOCK))
    as_far = sum(int(np.count_nonzero(np.abs(signs @ values) >= seen)) for signs in blocks)
    return (as_far + 1) / (PERMUTATIONS + 1)


def _all_signs(length: int) -> NDArray[np.float64]:
    numbers = np.arange(2**length, dtype=np.int64).reshape(-1, 1)
    return _signs(np.bitwise_and(np.right_shift(numbers, np.arange(length, dtype=np.int64)), 1))


def _random_signs(random: np.random.Generator, length: int) -> NDArray[np.float64]:
    return _signs(random.integers(2, size=(_BLOCK, length)))


def _signs(bits: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(bits == 1, np.float64(1), np.float64(-1))
