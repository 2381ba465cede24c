"""What people see of tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mcp_toolweaver.access.token import Token
from mcp_toolweaver.cli.token_commands import Wishes, made
from mcp_toolweaver.cli.token_printing import goodness, print_tokens
from mcp_toolweaver.core.access import Rules
from mcp_toolweaver.core.errors import InvalidRequest

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOKENS = [
    Token("plain", "0" * 64, NOW),
    Token("old", "1" * 64, NOW, NOW - timedelta(days=1), allow=Rules(tools=("[red]*",))),
    Token("lost", "2" * 64, NOW, profile="gone", effects=frozenset({"read", "write"})),
]


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_each_token_says_whether_it_is_good_and_for_what(capsys: pytest.CaptureFixture[str]) -> None:
    print_tokens([(token, None) for token in TOKENS[:1]], (), NOW)
    assert "plain good 2026-12-01 it is" in (text := shown(capsys))
    assert "everything" in text
    print_tokens([(TOKENS[1], NOW)], (), NOW)
    assert "expired" in (text := shown(capsys))
    assert "[red]*" in text
    print_tokens([(TOKENS[2], None)], ("other",), NOW)
    assert "useless" in (text := shown(capsys))
    assert "which" in text
    print_tokens([(TOKENS[2], None)], ("gone",), NOW)
    assert "useless" not in shown(capsys)
    print_tokens([], (), NOW)
    assert "toolweaver token add NAME" in shown(capsys)


def test_one_sentence_says_what_a_token_is_good_for() -> None:
    assert [goodness(token) for token in TOKENS] == [
        "all tools, until it is revoked",
        "tools [red]*, until 2026-11-30 12:00 UTC",
        "profile gone (read, write only), until it is revoked",
    ]


def test_a_token_may_be_bound_to_a_profile_of_the_configuration_only() -> None:
    token, secret = made(Wishes("ci", "1d", profile="staff"), ["staff"], NOW)
    assert (token.profile, token.expires) == ("staff", NOW + timedelta(days=1))
    assert secret not in repr(token)
    with pytest.raises(InvalidRequest, match="there are: staff"):
        made(Wishes("ci", "1d", profile="stuff"), ["staff"], NOW)


@pytest.mark.parametrize("name", ["", "../ci", "a b", "-a", "é", "a\n", "a" * 65])
def test_a_name_that_would_garble_a_log_or_a_path_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        made(Wishes(name, "1d"), (), NOW)


@pytest.mark.parametrize("pattern", ["", "  ", "a" * 201])
def test_a_pattern_that_says_nothing_is_refused(pattern: str) -> None:
    plain = Wishes("ci", "1d")
    for wishes in (
        replace(plain, servers=(pattern,)),
        replace(plain, domains=("a", pattern)),
        replace(plain, tools=(pattern,)),
    ):
        with pytest.raises(InvalidRequest, match="is no pattern"):
            made(wishes, (), NOW)
