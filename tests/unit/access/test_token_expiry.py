"""Until when a token is good, as its owner writes it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.access.expiry import expiry
from mcp_toolweaver.core.errors import InvalidRequest

NOW = datetime(2026, 12, 1, 12, 30, 15, 99, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("45m", datetime(2026, 12, 1, 13, 15, 15, tzinfo=UTC)),
        ("12h", datetime(2026, 12, 2, 0, 30, 15, tzinfo=UTC)),
        ("30D", datetime(2026, 12, 31, 12, 30, 15, tzinfo=UTC)),
        ("2w", datetime(2026, 12, 15, 12, 30, 15, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 2, tzinfo=UTC)),
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2027-01-31T12:00", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00+02:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
        ("never", None),
        ("Never", None),
    ],
)
def test_spans_days_times_and_never(text: str, meant: datetime | None) -> None:
    assert expiry(text, NOW) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "d",
        "-3d",
        "0d",
        "0x1d",
        "٣d",
        "999999w",
        "2026-11-30",
        "2026-02-30",
        "2026-12-01T12:00Z",
        "9999-12-31",
    ],
)
def test_what_means_nothing_or_is_over_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"12h, 30d or 8w"):
        expiry(text, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_time_to_come_or_refused(text: str) -> None:
    try:
        found = expiry(text, NOW)
    except InvalidRequest:
        return
    assert found is None or found > NOW
