"""What every `ToolIndex` promises about likely domains: they bring candidates and never cost one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import Tool
from tests.contracts.asking import MAIL, MODEL, READ, WRITE, Promise, ask, asking, probe
from tests.fakes.tools import make_tool

VECTOR = MODEL.vector("same")
FAR = MODEL.vector("far")
CROWD = [make_tool(f"file_{number:02}", "file file file", server=f"crowd{number % 3}") for number in range(30)]


async def crowd_out(index: ToolIndex, *tools: Tool) -> None:
    """Index tools among thirty others, which lie nearer by words and by meaning."""
    entries = [*(IndexEntry(tool, VECTOR) for tool in CROWD), *(IndexEntry(tool, FAR) for tool in tools)]
    await index.apply(entries, [])


def files(*likely: str, limit: int = 5, domain: str | None = None) -> IndexQuery:
    return replace(asking("file", limit=limit, vector=VECTOR, domain=domain), likely=likely)


async def names(index: ToolIndex, query: IndexQuery) -> set[str]:
    return set(await ask(index, query))


async def the_best_of_a_likely_domain_are_candidates_whoever_else_is(index: ToolIndex) -> None:
    await crowd_out(index, READ, WRITE)
    assert "read_file" not in await names(index, files())
    assert {"read_file", "write_file"} <= await names(index, files("storage"))


async def a_likely_domain_is_a_domain_or_a_server_in_any_case(index: ToolIndex) -> None:
    await crowd_out(index, READ, MAIL)
    for likely in ("storage", "Storage", "files", "FILES"):
        assert await names(index, files(likely)) - await names(index, files()) == {"read_file"}, likely
    for likely in ("people", "mail", "MAIL"):
        assert await names(index, files(likely)) - await names(index, files()) == {"send_mail"}, likely


async def a_likely_domain_removes_no_candidate_and_changes_no_score(index: ToolIndex) -> None:
    await crowd_out(index, READ, WRITE, MAIL)
    for likely in (("storage",), ("people", "crowd1"), ("crowd0",), ("nowhere",), ("",)):
        before, after = await ask(index, files()), await ask(index, files(*likely))
        assert before.keys() <= after.keys(), likely
        for name, match in before.items():
            assert after[name].lexical == pytest.approx(match.lexical)
            assert after[name].dense == pytest.approx(match.dense)
            assert after[name].coverage == pytest.approx(match.coverage)


async def each_lane_brings_its_own_best_of_a_likely_domain(index: ToolIndex) -> None:
    nearest = make_tool("nearest", "Opens.", server="files", domain="storage")
    await crowd_out(index, READ)
    await index.apply([IndexEntry(nearest, VECTOR)], [])
    found = await ask(index, files("storage", limit=1))
    assert {"read_file", "nearest"} <= found.keys()
    by_words = replace(asking("file", limit=1), likely=("storage",))
    assert {"read_file"} == {name for name in await names(index, by_words) if not name.startswith("file_")}


async def a_likely_domain_counts_for_the_whole_question_not_for_its_parts(index: ToolIndex) -> None:
    others = [make_tool(f"disk_{number}", "disk disk disk", server="crowd0") for number in range(5)]
    whole, part = (
        make_tool(name, f"Changes a {thing}.", server="files")
        for name, thing in (("rename", "file"), ("eject", "disk"))
    )
    await crowd_out(index, whole, part, *others)
    question = IndexQuery((probe("file"), probe("disk")), 1, likely=("files",))
    assert await names(index, question) - await names(index, replace(question, likely=())) == {"rename"}


async def a_few_of_a_large_likely_domain_are_enough(index: ToolIndex) -> None:
    large = [make_tool(f"stored_{number:02}", "file", server="files", domain="storage") for number in range(40)]
    await crowd_out(index, *large)
    new = await names(index, files("storage", limit=10)) - await names(index, files(limit=10))
    assert 0 < len(new) <= 2 * 10


async def several_likely_domains_bring_their_best_each(index: ToolIndex) -> None:
    await crowd_out(index, READ, MAIL)
    assert {"read_file", "send_mail"} <= await names(index, files("storage", "people"))
    assert await names(index, files("storage", "files")) == await names(index, files("storage"))


async def a_likely_domain_does_not_widen_a_filter(index: ToolIndex) -> None:
    await crowd_out(index, READ, MAIL)
    assert await names(index, files("storage", domain="people")) == {"send_mail"}


async def a_limit_of_nothing_brings_nothing_of_a_likely_domain(index: ToolIndex) -> None:
    await crowd_out(index, READ)
    assert await names(index, files("storage", limit=0)) == set()


async def a_tool_that_left_its_likely_domain_is_not_brought_by_it(index: ToolIndex) -> None:
    await crowd_out(index, READ)
    await index.apply([IndexEntry(replace(READ, domain="elsewhere"), FAR)], [])
    assert "read_file" not in await names(index, files("storage"))
    assert "read_file" in await names(index, files("elsewhere"))


async def the_crowd_does_not_depend_on_likely_domains(index: ToolIndex) -> None:
    await crowd_out(index, READ, WRITE)
    alone = (await index.query(files())).crowd
    assert alone is not None
    assert (await index.query(files("storage", "crowd2"))).crowd == pytest.approx(alone, abs=1e-5)


PROMISES_ABOUT_LIKELY_DOMAINS: tuple[Promise, ...] = (
    the_best_of_a_likely_domain_are_candidates_whoever_else_is,
    a_likely_domain_is_a_domain_or_a_server_in_any_case,
    a_likely_domain_removes_no_candidate_and_changes_no_score,
    each_lane_brings_its_own_best_of_a_likely_domain,
    a_likely_domain_counts_for_the_whole_question_not_for_its_parts,
    a_few_of_a_large_likely_domain_are_enough,
    several_likely_domains_bring_their_best_each,
    a_likely_domain_does_not_widen_a_filter,
    a_limit_of_nothing_brings_nothing_of_a_likely_domain,
    a_tool_that_left_its_likely_domain_is_not_brought_by_it,
    the_crowd_does_not_depend_on_likely_domains,
)
