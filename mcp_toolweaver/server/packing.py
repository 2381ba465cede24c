"""Which rows of a reply fit into how many tokens, and in how much detail. Numbers only.

Every row has a ladder of costs, poorest version first. A row is better named than left out, so
the poorest version of all comes first; what is left of the room then lifts the rows step by
step, in their order. More room therefore never loses a row, and order is kept.
"""

from __future__ import annotations

from collections.abc import Sequence


def pack(ladders: Sequence[Sequence[int]], room: int) -> tuple[int, ...]:
    """Return the step of the ladder of each row that is kept; rows at the end are left out.

    The costs of what is returned never add up to more than ``room``. A row is lifted before those
    after it; one that could not be lifted even alone is passed over.
    """
    steps, left = _named(ladders, room)
    most, reach = left, len(steps)
    for step in range(1, max((len(ladder) for ladder in ladders), default=0)):
        for row, ladder in enumerate(ladders[:reach]):
            if step >= len(ladder) or ladder[step] - ladder[0] > most:
                continue
            more = ladder[step] - ladder[steps[row]]
            if more > left:
                reach = row  # nothing after it may say more, in later steps either
                break
            left -= more
            steps[row] = step
    return tuple(steps)


def _named(ladders: Sequence[Sequence[int]], room: int) -> tuple[list[int], int]:
    """Return step 0 of as many rows as fit, from the first on, and the room that is left."""
    left = room
    for count, ladder in enumerate(ladders):
        if ladder[0] > left:
            return [0] * count, left
        left -= ladder[0]
    return [0] * len(ladders), left
