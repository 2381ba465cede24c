"""Words are suggested that people use for a tool and its text lacks."""

from collections.abc import Sequence

import pytest

from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.evaluation import (
    LabelledQuery,
    Outcome,
    Suggestion,
    alias_effect,
    scored_by_id,
    suggest,
    with_words,
)
from tests.fakes.tools import make_tool
from tests.unit.evaluation.outcomes import outcome, perfect, query

ISSUE = make_tool("create_issue", "Create an issue in a repository", server="s")
CHAT = make_tool("send_message", "Send a message to a channel", server="s")
FILLERS = [make_tool(f"tool{number}", f"Does thing {number}", server="s") for number in range(20)]
CATALOG = Snapshot.of([ISSUE, CHAT, *FILLERS])
ISSUE_NEED = "s::create_issue"


def suggested(missed: Sequence[LabelledQuery], met: Sequence[LabelledQuery] = ()) -> list[Suggestion]:
    return list(suggest([*(outcome(each) for each in missed), *perfect(met)], CATALOG))


def words(suggestions: Sequence[Suggestion]) -> dict[str, bool]:
    """Return the suggested words, each with whether it is weak."""
    return {suggestion.word: suggestion.is_weak for suggestion in suggestions}


def test_a_word_of_two_queries_is_supported_and_one_of_a_single_query_is_weak() -> None:
    found = suggested([query("open a ticket about login", ISSUE_NEED), query("file tickets for crashes", ISSUE_NEED)])
    assert {"ticket": False, "login": True, "crashes": True}.items() <= words(found).items()
    assert found[0].word in {"ticket", "tickets"}
    assert {suggestion.tool for suggestion in found} == {ISSUE.id}


def test_words_that_the_tool_has_are_not_suggested() -> None:
    assert "repository" not in words(suggested([query("new bug in the repository", ISSUE_NEED)]))


def test_queries_that_found_the_tool_suggest_nothing() -> None:
    assert suggested([], [query("open a ticket", ISSUE_NEED)]) == []


def test_a_repeated_query_is_one_voice() -> None:
    found = suggested([query("open a ticket", ISSUE_NEED), query("Open a  ticket!", ISSUE_NEED)])
    assert words(found)["ticket"]


def test_words_that_queries_for_other_tools_use_as_often_are_not_suggested() -> None:
    others = [query(f"urgent {number}", "s::send_message") for number in range(2)]
    found = suggested([query("urgent ticket", ISSUE_NEED)], [*others, query("urgent rocket", "s::tool1")])
    assert "urgent" not in words(found)
    assert "ticket" in words(found)


def test_words_that_many_tools_have_tell_none_apart() -> None:
    assert "thing" not in words(suggested([query("thing with a ticket", ISSUE_NEED)]))


def test_words_about_another_tool_of_the_same_query_are_left_to_it() -> None:
    found = suggested([query("ticket and tell the channel", ISSUE_NEED, "s::send_message")])
    assert "channel" not in words([each for each in found if each.tool == ISSUE.id])


@pytest.mark.parametrize("text", ["ask Ravi now", "run 482x today", "go up"])
def test_names_numbers_and_short_words_of_a_single_query_are_not_suggested(text: str) -> None:
    assert not {"ravi", "482x", "up"} & set(words(suggested([query(text, ISSUE_NEED)])))


def test_the_strongest_few_words_are_suggested() -> None:
    text = "alpha bravo charlie delta echo foxtrot golf hotel india juliet"
    both = [query(f"{text} kilo", ISSUE_NEED), query(f"{text} lima", ISSUE_NEED)]
    assert sum(not suggestion.is_weak for suggestion in suggested(both)) == 5


def test_only_supported_words_are_put_to_the_test() -> None:
    found = suggested([query("a ticket for login", ISSUE_NEED), query("that ticket", ISSUE_NEED)])
    reworded = {tool.id: tool for tool in with_words([ISSUE, CHAT], found)}
    assert reworded[ISSUE.id].description == "Create an issue in a repository (ticket)"
    assert reworded[CHAT.id] == CHAT


def run(asked: Sequence[LabelledQuery], found: str) -> list[Outcome]:
    return [outcome(each, found) for each in asked]


def test_the_effect_is_told_apart_for_the_queries_that_spoke_and_for_all_others() -> None:
    spoke = [query("a ticket for login", ISSUE_NEED), query("that ticket", ISSUE_NEED)]
    rest = [query("hello", "s::send_message"), query("nothing")]
    before = [*run(spoke, ""), *run(rest, "send_message")]
    after = [*run(spoke, "x create_issue"), *run(rest, "create_issue send_message")]
    effect = alias_effect(suggest(before, CATALOG), scored_by_id(before), scored_by_id(after), "MRR")
    (aliases,) = effect.gaining
    assert (str(aliases.tool), aliases.words, aliases.gain) == (ISSUE_NEED, ("ticket",), 0.5)
    assert effect.others is not None
    assert effect.others.mean == -0.5
    assert effect.to_json()["gaining"][0]["queries"] == [each.id for each in spoke]


def test_words_that_gain_nothing_are_told_as_idle() -> None:
    spoke = [query("a ticket for login", ISSUE_NEED), query("that ticket", ISSUE_NEED)]
    before = run(spoke, "")
    effect = alias_effect(suggest(before, CATALOG), scored_by_id(before), scored_by_id(before), "MRR")
    assert effect.gaining == ()
    assert [aliases.words for aliases in effect.idle] == [("ticket",)]
    assert effect.others is None


def test_talk_is_not_suggested_but_a_synonym_is() -> None:
    """The search leaves talk out; a word of the tool's own counts for more than a synonym."""
    found = suggested([query("hopefully somebody is able to help with a bug", ISSUE_NEED), query("help", ISSUE_NEED)])
    assert {"able", "help"}.isdisjoint(words(found))
    assert "bug" in words(found)
