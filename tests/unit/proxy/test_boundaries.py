"""Where a text is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.proxy.paging.boundaries import boundary


@pytest.mark.parametrize(
    ("text", "end", "kept"),
    [
        ("x" * 90 + "\n\nab\ncd. ef", 99, "x" * 90 + "\n\n"),
        ("x" * 90 + "ab\ncd. ef gh", 99, "x" * 90 + "ab\n"),
        ("x" * 90 + '{"a":1},{"b"', 99, "x" * 90 + '{"a":1},'),
        ("x" * 90 + "ab. cd ef gh", 99, "x" * 90 + "ab."),
        ("x" * 90 + "ab cd", 94, "x" * 90 + "ab "),
        ("x" * 200, 100, "x" * 100),
        ("x" * 98 + "\\u00e9yyy", 101, "x" * 98),
        ("x" * 98 + "\\nyyy", 99, "x" * 98),
        ("x" * 98 + "\\\\yyy", 100, "x" * 98 + "\\\\"),
        ("x" * 98 + "e\u0301yyy", 99, "x" * 98),
        ("x" * 98 + "👩\u200d🚀yyy", 100, "x" * 98),
        ("x" * 98 + "👍🏽yyy", 99, "x" * 98),
    ],
)
def test_a_text_is_cut_where_it_makes_sense(text: str, end: int, kept: str) -> None:
    assert text[: boundary(text, 0, end)] == kept


@given(st.text(), st.integers(0, 50), st.integers(0, 100))
def test_a_cut_is_after_the_start_and_not_after_the_end(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    found = boundary(text, start, start + length)
    assert found <= max(start + length, start + 1)
    assert found > start or found == len(text)
