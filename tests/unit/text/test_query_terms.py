"""What of a question is matched, and what is only talk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.query_terms import content_terms, query_terms
from mcp_toolweaver.text.tokenize import tokenize

TEXTS = st.lists(
    st.sampled_from(["hey", "please", "I'm", "the", "file", "trying", "查询", "!"]) | st.text(), max_size=8
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hey, I'm trying to figure out the weather in Paris", ("weather", "pari")),
        ("could you please help me delete files? Thanks!", ("delet", "file")),
        ("we don't want his things anymore, let's resize images", ("anymor", "resiz", "imag")),
        ("list list issues", ("list", "list", "issu")),
        ("我想查询天气", ("我想", "想查", "查询", "询天", "天气")),
    ],
)
def test_talk_is_left_out_beside_other_words(text: str, terms: tuple[str, ...]) -> None:
    assert query_terms(text) == content_terms(text) == terms


@pytest.mark.parametrize(
    "word",
    ["list", "show", "get", "find", "search", "read", "write", "update", "delete", "run", "check", "set", "stop"],
)
def test_no_action_on_a_thing_is_talk(word: str) -> None:
    assert content_terms(f"please {word} it") == content_terms(word) != ()


@pytest.mark.parametrize("text", ["hello there", "help me out please", "who is this", "Thanks a lot!"])
def test_a_question_of_nothing_but_talk_keeps_it(text: str) -> None:
    assert content_terms(text) == ()
    assert query_terms(text) == tuple(tokenize(text)) != ()


@pytest.mark.parametrize("text", ["", " \n", "...", "🙂"])
def test_a_question_without_words_has_no_terms(text: str) -> None:
    assert query_terms(text) == ()


@given(TEXTS)
def test_the_terms_of_any_question_are_some_of_its_terms_in_their_order(parts: list[str]) -> None:
    text = " ".join(parts)
    rest = iter(tokenize(text))
    assert all(term in rest for term in query_terms(text))
    assert bool(query_terms(text)) == bool(tokenize(text))


@given(TEXTS)
def test_talk_around_a_question_changes_nothing(parts: list[str]) -> None:
    text = " ".join(parts)
    assert content_terms(f"Hey, could you please {text} for me? Thanks!") == content_terms(text)
