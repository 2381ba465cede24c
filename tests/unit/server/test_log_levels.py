"""Levels of log messages."""

import pytest

from mcp_toolweaver.server.log_levels import is_wanted, least_serious


@pytest.mark.parametrize(
    ("level", "least", "wanted"),
    [
        ("debug", None, True),
        ("debug", "info", False),
        ("info", "info", True),
        ("emergency", "info", True),
        ("error", "critical", False),
        ("unheard of", "error", True),
        ("debug", "unheard of", True),
    ],
)
def test_a_message_is_wanted_from_a_level_on(level: str, least: str | None, wanted: bool) -> None:  # noqa: FBT001
    assert is_wanted(level, least) == wanted


def test_the_least_serious_level_lets_everything_through_that_anybody_wants() -> None:
    assert least_serious([None, "error", "notice", "alert"]) == "notice"
    assert least_serious([None, "odd"]) is None
    assert least_serious([]) is None
