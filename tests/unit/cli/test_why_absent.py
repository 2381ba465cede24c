"""Why a tool that somebody expects cannot be found: the reason, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mcp_toolweaver.cli.why_absent import Absence, Expected, find
from mcp_toolweaver.config import Configuration, Settings, SourceSpec
from mcp_toolweaver.core.errors import NotPermitted
from mcp_toolweaver.core.status import NEEDS_LOGIN, SourceState, SourceStatus
from tests.fakes.catalog import FakeCatalog
from tests.fakes.tools import make_tool

TOOLS = [
    make_tool("refund", "Gives money back", server="pay", domain="finance"),
    make_tool("send", "Sends", server="mail", domain="communication"),
    make_tool("send", "Sends", server="chat", domain="communication"),
]
STATUSES = (
    SourceStatus("pay", "mcp_server", SourceState.READY, 1, problems=("tool 'void' has no name that hosts accept",)),
    SourceStatus("mail", "mcp_server", SourceState.READY, 1),
    SourceStatus("chat", "mcp_server", SourceState.READY, 1),
    SourceStatus("away", "mcp_server", SourceState.FAILED, 0, "connection refused"),
    SourceStatus("shut", "mcp_server", SourceState.FAILED, 0, f"{NEEDS_LOGIN}: 401"),
)


def catalog(*servers: str) -> FakeCatalog:
    made = FakeCatalog([tool for tool in TOOLS if not servers or tool.id.server in servers])
    made.statuses = STATUSES
    return made


def asked(
    name: str, *, domain: str | None = None, kind: str | None = None, seen: FakeCatalog | None = None
) -> Expected:
    sources = tuple(SourceSpec(status.name, "mcp_server", {}, "") for status in STATUSES)
    loaded = Configuration(Settings(), sources, (), None)
    return Expected(name, loaded, catalog(), seen or catalog(), lambda _name: None, domain=domain, kind=kind)


def test_a_tool_that_can_be_found_is_found_in_any_form_of_its_name() -> None:
    for name in ("pay__refund", "pay::refund", "refund", "pay.refund"):
        assert find(asked(name)) == TOOLS[0]


@pytest.mark.parametrize(
    ("expected", "reason", "told"),
    [
        (asked("send"), "ambiguous", "mail__send"),
        (asked("pay__refund", domain="mail"), "filtered", "of the domain finance and the server pay, not mail"),
        (asked("pay__refund", kind="function"), "filtered", "of the kind mcp_worker, not function"),
        (asked("pay__refund", seen=catalog("mail")), "outside_profile", "not within this profile"),
        (asked("pay__void"), "left_out", "tool 'void' has no name that hosts accept"),
        (asked("away__thing"), "server_offline", "connection refused"),
        (asked("shut__thing"), "needs_login", "401"),
        (asked("pay__nothing"), "unknown", "has 1 tools, and none of that name"),
        (asked("payy__refund"), "not_configured", "Is pay meant?"),
        (asked("github__create_issue"), "not_configured", "No server is called github."),
        (asked("refnd"), "unknown", "No tool is called refnd"),
    ],
)
def test_one_that_cannot_has_a_reason_and_a_next_step(expected: Expected, reason: str, told: str) -> None:
    found = find(expected)
    assert isinstance(found, Absence)
    assert found.reason == reason
    assert told in found.message
    assert found.next


def test_one_that_may_not_be_called_says_why() -> None:
    def departed(_name: str) -> str | None:
        raise NotPermitted("its effect is destructive")

    refusing: Callable[[str], str | None] = departed
    found = find(replace(asked("pay__refund", seen=catalog("mail")), departed=refusing))
    assert isinstance(found, Absence)
    assert (found.reason, found.message) == ("not_permitted", "its effect is destructive")
