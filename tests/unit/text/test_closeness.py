"""How alike two spellings are."""

import pytest

from mcp_toolweaver.text.closeness import is_one_off, most_alike, one_off


@pytest.mark.parametrize("word", ["issue", "isue", "issuee", "issae", "isseu", "xissue"])
def test_one_slip_of_the_pen_is_one_off(word: str) -> None:
    assert is_one_off(word, "issue")


@pytest.mark.parametrize("word", ["isu", "issueee", "eussi", ""])
def test_two_are_not(word: str) -> None:
    assert not is_one_off(word, "issue")


def test_the_spellings_that_are_one_off_are_found_the_nearest_first() -> None:
    assert one_off("issue", ["tissue", "item", "issue", "tissues"], limit=5) == ["issue", "tissue"]
    assert one_off("issue", ["tissue", "issue"], limit=1) == ["issue"]


def test_the_most_alike_come_first_and_the_unlike_not_at_all() -> None:
    assert most_alike("listissues", ["zebra", "listissue", "getissues"], least=0.6, limit=5) == [
        "listissue",
        "getissues",
    ]
    assert most_alike("listissues", ["zebra", "listissue", "getissues"], least=0.9, limit=5) == ["listissue"]
