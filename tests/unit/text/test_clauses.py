"""A question of several needs is taken apart, and nothing that it asks for is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.clauses import MOST_CLAUSES, clauses
from mcp_toolweaver.text.query_terms import content_terms
from mcp_toolweaver.text.tokenize import tokenize

JOINTS = [
    ", ",
    " and ",
    " and then ",
    " then ",
    ". ",
    "; ",
    "! ",
    "\n",
    " - ",
    ": ",
    " as well as ",
    " after that ",
]
WORDS = ["create", "issue", "weather", "Paris", "x", "please", "hey", "the", "a", "GitHub", "title,", "3.5"]
TEXTS = st.lists(st.sampled_from([*JOINTS, ","]) | st.sampled_from(WORDS).map(" {} ".format), max_size=40).map("".join)
NEEDS = st.builds("{} the {}{}".format, st.sampled_from(["read", "delete"]), st.sampled_from("abc"), st.integers(0, 9))
ANY_TEXT = st.text(st.sampled_from(" ,.-:;!?\n\r\t\u3001\uff0c\u3002然后") | st.characters(), max_size=80)
OF_JOINTS = set(tokenize("and then also plus after that afterwards before or as well"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("create an issue and send an email", ("create an issue", "send an email")),
        ("Create an issue, then send an email.", ("Create an issue", "send an email")),
        ("Read the log file. Delete old backups!", ("Read the log file", "Delete old backups!")),
        ("read the file; delete the backup", ("read the file;", "delete the backup")),
        ("read the file\r\n\r\ndelete the backup", ("read the file", "delete the backup")),
        ("Do two things: read the file - delete the backup", ("Do two things:, read the file", "delete the backup")),
        ("convert the file AND THEN resize the image", ("convert the file", "resize the image")),
        ("book a flight as well as a hotel room", ("book a flight", "a hotel room")),
        ("read the file after that delete the backup", ("read the file", "delete the backup")),
        ("查询天气\uff0c发送邮件", ("查询天气", "发送邮件")),
        ("查询天气然后发送邮件", ("查询天气", "发送邮件")),
        ("查询天气。发送邮件。", ("查询天气。", "发送邮件。")),
    ],
)
def test_several_needs_are_taken_apart(text: str, found: tuple[str, ...]) -> None:
    assert clauses(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        ",,, and ,",
        "list open issues",
        "create issue with title, body and labels",
        "weather in Paris, France",
        "black and white",
        "sandbox commander",  # "and" inside of words
        "version 3.5 of node.js",
        "create issue, create issue, create issue",
    ],
)
def test_a_single_need_has_no_clauses(text: str) -> None:
    assert clauses(text) == ()


def test_a_piece_that_says_too_little_joins_its_neighbour() -> None:
    assert clauses("find hotels, Paris, and book flight tickets") == ("find hotels, Paris", "book flight tickets")
    assert clauses("Paris, find cheap hotels and book flight tickets") == (
        "Paris, find cheap hotels",
        "book flight tickets",
    )


@pytest.mark.parametrize(
    "talk", ["Hey there", "Thanks a lot for your help", "I'm trying to figure it out", "Who is it"]
)
def test_talk_is_no_clause_of_its_own(talk: str) -> None:
    assert clauses(f"{talk}, read the log file") == ()
    assert clauses(f"Read the log file. {talk}!") == ()


def test_a_need_that_is_repeated_is_one_clause() -> None:
    assert clauses("read file and send mail and read file") == ("read file", "send mail")


def test_a_plan_of_more_steps_than_twelve_is_read_as_far_as_that() -> None:
    steps = [f"resize image{at}" for at in range(20)]
    assert clauses(" and then ".join(steps)) == tuple(steps[:12])
    assert MOST_CLAUSES == 12


@given(TEXTS)
def test_nothing_that_is_asked_for_is_lost(text: str) -> None:
    found = clauses(text)
    if found and len(found) < MOST_CLAUSES:
        held = {term for clause in found for term in tokenize(clause)}
        assert set(content_terms(text)) <= held | OF_JOINTS


@given(st.lists(NEEDS, min_size=2, max_size=MOST_CLAUSES, unique=True), st.data())
def test_needs_are_taken_apart_however_they_are_joined(needs: list[str], data: st.DataObject) -> None:
    text = needs[0] + "".join(data.draw(st.sampled_from(JOINTS)) + need for need in needs[1:])
    assert [clause.rstrip("!;:") for clause in clauses(text)] == needs


@given(TEXTS | ANY_TEXT)
def test_the_clauses_of_any_text_are_few_and_different_and_say_something(text: str) -> None:
    found = clauses(text)
    assert len(found) != 1
    assert len(found) <= MOST_CLAUSES
    assert len(set(found)) == len(found)
    assert all(len(set(content_terms(clause))) >= 2 for clause in found)


@given(TEXTS, st.sampled_from(["  ", "\t", "\u3000", " \xa0"]))
def test_how_wide_the_spaces_are_does_not_matter(text: str, space: str) -> None:
    assert clauses(text.replace(" ", space)) == clauses(text)


HOSTILE = [
    " ",
    ",",
    ", ",
    ". ",
    "\n",
    "\n ",
    "and ",
    ", and",
    " - ",
    ": ",
    "a, ",
    "read file, ",
    "\uff1a",
    "\uff0c",
    "然后",
    "\0",
    "{'",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hundred_thousand_characters_of_anything_are_answered(unit: str) -> None:
    assert len(clauses(unit * (100_000 // len(unit)))) <= MOST_CLAUSES
