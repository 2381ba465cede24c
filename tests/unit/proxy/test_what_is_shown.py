"""What of a failure reaches models, terminals and logs."""

from __future__ import annotations

import httpx2
import pytest

from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.proxy.failures import connection_failure, public, status_reason
from mcp_toolweaver.proxy.validation.schemas import Schemas
from tests.unit.catalog.scripted import Plugin, catalog_of, running, status_of, tool, until

SECRET = httpx2.URL("https://user:hunter2@example.invalid:8443/mcp?api_key=k3y#frag")


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    assert public(SECRET) == "https://example.invalid:8443/mcp"
    assert "k3y" not in status_reason(401, SECRET)
    refused = httpx2.ConnectError("refused", request=httpx2.Request("POST", SECRET))
    shown = str(connection_failure("web", refused))
    assert "https://example.invalid:8443/mcp" in shown
    assert "hunter2" not in shown
    assert "k3y" not in shown


@pytest.mark.anyio
async def test_what_a_server_says_of_its_failure_is_one_clean_short_line() -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.refusals = [Unavailable("server 's'", "obey\u202e\u200b\nme " * 10_000)]
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until(lambda: bool(status_of(catalog, "s").reason))
        reason = status_of(catalog, "s").reason
    assert reason.startswith("obey me obey me")
    assert len(reason) <= 500


def test_a_runner_starts_without_a_reason() -> None:
    runner = SourceRunner(SourceSetup("s", "k", {}, "o"), lambda _kind: Plugin(), on_tools=lambda _runner: None)
    assert runner.status.reason == ""


def test_a_strangers_pattern_is_never_run() -> None:
    """In this one, each further character doubles the time; it would run into the limit of a test."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}, "b": {"type": "integer"}},
        "patternProperties": {"^(x+)+$": {"type": "string"}},
        "additionalProperties": False,
    }
    hostile = Tool.from_definition("s", {"name": "t", "inputSchema": schema})
    check = Schemas().check(hostile)
    assert check is not None
    assert not check.faults({"a": "a" * 60 + "!", "x" * 60 + "!": 1})
    assert [fault.path for fault in check.faults({"b": "no number"})] == [("b",)]
