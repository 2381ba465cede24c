"""How long the searches took: percentiles, because a mean hides the slow ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PERCENTILES = (50, 90, 95, 99)


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Return ``{"p50": ..., "p90": ..., "p95": ..., "p99": ...}`` in milliseconds; empty for no times.

    Between two measured times it interpolates linearly: percentile p of n sorted times lies at
    position ``(n - 1) * p / 100``, counted from 0 (Hyndman & Fan 1996, definition 7).
    """
    if not seconds:
        return {}
    values = np.percentile(np.asarray(seconds, dtype=np.float64) * 1000, PERCENTILES)
    return {f"p{percent}": float(value) for percent, value in zip(PERCENTILES, values, strict=True)}
