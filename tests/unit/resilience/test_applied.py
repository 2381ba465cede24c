"""What was applied is the sum of all changes, and knows what another index lacks of it."""

from dataclasses import replace

import pytest

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.applied import Applied, Change
from tests.contracts.asking import MAIL, MODEL, READ, WRITE
from tests.unit.resilience.standing_by import by_words, embedded

CHANGED = replace(READ, server_description="files and folders")


def names(change: Change) -> tuple[list[ToolId], list[ToolId]]:
    return [entry.tool.id for entry in change[0]], list(change[1])


def test_a_tool_as_it_was_keeps_its_vector_and_a_changed_one_does_not() -> None:
    before = Applied().changed(embedded(READ, WRITE), [])
    assert before.changed(by_words(READ), []).bare == frozenset()
    assert before.changed(by_words(CHANGED), []).bare == {READ.id}
    assert before.changed(by_words(READ), [READ.id]).bare == {READ.id}, "what was deleted is forgotten"
    assert before.changed([], [WRITE.id]).digests == {READ.id: READ.digest}


def test_another_index_lacks_new_tools_changed_ones_and_vectors_and_has_what_is_gone() -> None:
    applied = Applied().changed([*embedded(READ), *by_words(WRITE)], [])
    same = {READ.id: READ.digest, WRITE.id: WRITE.digest}
    assert names(applied.missing_in(same, frozenset())) == ([], [])
    assert names(applied.missing_in(same, {READ.id, WRITE.id})) == ([READ.id], [])
    assert names(applied.missing_in({}, frozenset())) == ([READ.id, WRITE.id], [])
    assert names(applied.missing_in({**same, WRITE.id: "old"}, frozenset())) == ([WRITE.id], [])
    assert names(applied.missing_in({**same, MAIL.id: MAIL.digest}, frozenset())) == ([], [MAIL.id])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (IndexEntry(WRITE, MODEL.vector("w")), True),
        (IndexEntry(READ, MODEL.vector("another")), False),
        (IndexEntry(replace(WRITE, domain="other"), MODEL.vector("w")), False),
        (IndexEntry(MAIL, MODEL.vector("m")), False),
    ],
)
def test_an_entry_adds_its_vector_alone_if_the_tool_is_there_as_it_is_and_without(
    entry: IndexEntry, *, expected: bool
) -> None:
    applied = Applied().changed([*embedded(READ), *by_words(WRITE)], [])
    assert applied.knows_without_vector(entry) is expected


def test_a_change_leads_from_one_outcome_to_the_next() -> None:
    before = Applied().changed(embedded(READ, WRITE), [])
    after = before.changed([*by_words(READ), *embedded(MAIL)], [WRITE.id])
    upserts, deletes = after.since(before)
    assert [entry.tool.id for entry in upserts] == [MAIL.id], "what is as it was is not written again"
    assert list(deletes) == [WRITE.id]
