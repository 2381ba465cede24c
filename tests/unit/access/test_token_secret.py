"""The text of a token."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.access.secret import digest, is_whole, new_secret


def test_a_token_is_recognized_by_its_form_and_none_is_like_another() -> None:
    tokens = {new_secret() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"tw_[0-9A-Za-z]{49}", token) and is_whole(token) for token in tokens)
    assert len({digest(token) for token in tokens}) == 1000


@given(st.integers(3, 51), st.sampled_from(string.ascii_letters + string.digits))
def test_one_mistyped_letter_is_noticed(place: int, letter: str) -> None:
    token = new_secret()
    mistyped = token[:place] + letter + token[place + 1 :]
    assert is_whole(mistyped) == (mistyped == token)


def test_what_is_cut_off_or_longer_is_noticed() -> None:
    token = new_secret()
    for wrong in (
        "",
        "tw_",
        token[:-1],
        token[1:],
        f"{token}x",
        f"{token}\n",
        f" {token}",
        token.upper(),
        "tw_" + "é" * 49,
    ):
        assert not is_whole(wrong)


@given(st.text(st.characters(), max_size=60))
def test_no_text_is_too_odd_to_be_looked_at(text: str) -> None:
    assert not is_whole(text)
    assert len(digest(text)) == 64
