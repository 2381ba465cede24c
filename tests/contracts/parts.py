"""What every `ToolIndex` promises about questions of several parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery
from tests.contracts.asking import MAIL, MODEL, READ, WRITE, Promise, ask, probe
from tests.fakes.tools import make_tool

WHOLE = probe("read a file and send a message", MODEL.vector("whole"))
FILES = probe("read a file", MODEL.vector("files"))
MESSAGES = probe("send a message", MODEL.vector("messages"))
NAMES = ("whole", "files", "messages")
QUESTION = IndexQuery((WHOLE, FILES, MESSAGES), 10)
CROWD = [make_tool(f"crowd_{number}", "crowd", server="crowd") for number in range(30)]


async def fill(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in (READ, WRITE, MAIL)], [])


async def a_question_without_a_reading_finds_nothing(index: ToolIndex) -> None:
    await fill(index)
    assert await ask(index, IndexQuery((), 10)) == {}


async def each_part_brings_candidates_by_its_words(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool) for tool in (*CROWD, READ, MAIL)], [])
    whole = IndexQuery((probe("crowd"),), 5)
    assert not {"read_file", "send_mail"} & {*await ask(index, whole)}
    found = await ask(index, replace(whole, probes=(probe("crowd"), probe("disk"), probe("message"))))
    assert {"read_file", "send_mail"} < {*found}


async def each_part_brings_candidates_by_its_meaning(index: ToolIndex) -> None:
    crowd = [IndexEntry(tool, MODEL.vector("crowd")) for tool in CROWD]
    await index.apply([*crowd, *(IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in (READ, MAIL))], [])
    probes = tuple(probe("", MODEL.vector(text)) for text in ("crowd", "read_file", "send_mail"))
    assert not {"read_file", "send_mail"} & {*await ask(index, IndexQuery(probes[:1], 5))}
    assert {"read_file", "send_mail"} < {*await ask(index, IndexQuery(probes, 5))}


async def parts_take_no_candidate_away(index: ToolIndex) -> None:
    await index.apply([IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in (*CROWD, READ, WRITE, MAIL)], [])
    for limit in (1, 2, 5, 100):
        whole = await ask(index, IndexQuery((WHOLE,), limit))
        assert {*whole} <= {*await ask(index, replace(QUESTION, limit=limit))}


async def every_candidate_is_scored_for_every_part_as_if_it_were_asked_alone(index: ToolIndex) -> None:
    await fill(index)
    found = await ask(index, QUESTION)
    assert set(found) == {"read_file", "write_file", "send_mail"}
    for at, part in enumerate(QUESTION.probes):
        alone = await ask(index, IndexQuery((part,), 10))
        for name, match in found.items():
            assert len(match.lexical) == len(match.dense) == 3
            assert match.lexical[at] == pytest.approx(alone[name].lexical[0], abs=1e-5)
            assert match.dense[at] == pytest.approx(float(MODEL.vector(name) @ MODEL.vector(NAMES[at])), abs=1e-5)


async def a_part_whose_words_a_tool_lacks_scores_it_nothing(index: ToolIndex) -> None:
    await fill(index)
    found = await ask(index, QUESTION)
    assert [score > 0 for score in found["read_file"].lexical] == [True, True, False]
    assert [score > 0 for score in found["send_mail"].lexical] == [True, False, True]


async def a_part_without_a_vector_has_no_cosine(index: ToolIndex) -> None:
    await fill(index)
    found = await ask(index, replace(QUESTION, probes=(WHOLE, replace(FILES, vector=None), MESSAGES)))
    for name, match in found.items():
        assert len(match.lexical) == 3
        expected = [float(MODEL.vector(name) @ MODEL.vector(text)) for text in ("whole", "messages")]
        assert match.dense == pytest.approx(expected, abs=1e-5)


async def parts_without_any_vector_are_matched_by_words(index: ToolIndex) -> None:
    await fill(index)
    found = await ask(index, replace(QUESTION, probes=tuple(replace(part, vector=None) for part in QUESTION.probes)))
    assert set(found) == {"read_file", "write_file", "send_mail"}
    assert {match.dense for match in found.values()} == {()}


async def a_tool_without_a_vector_has_no_cosine_for_any_part(index: ToolIndex) -> None:
    await index.apply([IndexEntry(READ, MODEL.vector("r")), IndexEntry(MAIL)], [])
    found = await ask(index, QUESTION)
    assert (len(found["read_file"].dense), found["send_mail"].dense) == (3, ())
    assert len(found["send_mail"].lexical) == 3


async def coverage_is_of_the_whole_question(index: ToolIndex) -> None:
    await fill(index)
    whole, found = await ask(index, IndexQuery((WHOLE,), 10)), await ask(index, QUESTION)
    assert {name: match.coverage for name, match in found.items()} == pytest.approx(
        {name: match.coverage for name, match in whole.items()}
    )
    assert 0 < found["read_file"].coverage < 1


async def a_filter_holds_for_every_part(index: ToolIndex) -> None:
    await fill(index)
    assert set(await ask(index, replace(QUESTION, domain="mail"))) == {"send_mail"}


async def a_limit_of_nothing_leaves_no_room_for_parts(index: ToolIndex) -> None:
    await fill(index)
    assert await ask(index, replace(QUESTION, limit=0)) == {}


PROMISES_ABOUT_PARTS: tuple[Promise, ...] = (
    a_question_without_a_reading_finds_nothing,
    each_part_brings_candidates_by_its_words,
    each_part_brings_candidates_by_its_meaning,
    parts_take_no_candidate_away,
    every_candidate_is_scored_for_every_part_as_if_it_were_asked_alone,
    a_part_whose_words_a_tool_lacks_scores_it_nothing,
    a_part_without_a_vector_has_no_cosine,
    parts_without_any_vector_are_matched_by_words,
    a_tool_without_a_vector_has_no_cosine_for_any_part,
    coverage_is_of_the_whole_question,
    a_filter_holds_for_every_part,
    a_limit_of_nothing_leaves_no_room_for_parts,
)
