"""Judges calls: each has a nonce, and ends in one right answer or one proper error, in time, and runs at most once."""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.client.client import Client

from tests.interaction.servers import ROOT, text_of

GRACE = 1.0
"""Seconds beyond its deadline in which a call must have ended."""
_LONGEST_START = 30.0
CALM = "calm"
"""How the healthy neighbour is called."""
ODD = "odd"
"""How the misbehaving server is called."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended."""

    nonce: str
    is_error: bool
    text: str
    result: Any


@dataclass(slots=True)
class Oracle:
    """Two misbehaving servers with a ledger each, one of which is never asked to misbehave."""

    folder: Path
    deadline: float = 4.0
    """Seconds that a call to the odd server may take."""
    _settled: list[Client] = field(default_factory=list[Client])
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def servers(self, *options: str, **entry: Any) -> dict[str, Any]:
        """Return the configuration of the calm and the odd server; ``options`` are those of the odd one."""
        odd = self.server(ODD, *options) | {"callTimeout": self.deadline, "connectTimeout": 30, **entry}
        return {CALM: self.server(CALM), ODD: odd}

    def server(self, name: str, *options: str) -> dict[str, Any]:
        """Return the configuration of a server that keeps a ledger under its name."""
        arguments = ["-m", "tests.downstreams.misbehaving", "--ledger", str(self._path(name)), *options]
        return {"command": sys.executable, "args": arguments, "env": {"PYTHONPATH": str(ROOT)}}

    def ledger(self, name: str = ODD) -> list[dict[str, Any]]:
        """Return what a server noted, in order."""
        path = self._path(name)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def starts(self, name: str = ODD) -> list[int]:
        """Return the process of each start of a server."""
        return [entry["started"] for entry in self.ledger(name) if "started" in entry]

    def nonce(self) -> str:
        """Return a text that no other call has."""
        return f"nonce-{next(self._numbers)}-{self.folder.name}"

    async def call(self, client: Client, tool: str, *, server: str = ODD, **arguments: Any) -> Outcome:
        """Call a tool by ``call_tool`` and judge how it ended.

        Raises:
            TimeoutError: it did not end within the deadline and the grace.
            AssertionError: it ended neither in a right answer nor in a proper error.
        """
        nonce = self.nonce()
        await self._wait_started(client)
        with anyio.fail_after(self.deadline + GRACE):
            result = await client.call_tool(
                "call_tool", {"name": f"{server}__{tool}", "arguments": {"nonce": nonce, **arguments}}
            )
        outcome = Outcome(nonce, bool(result.is_error), text_of(result), result)
        assert nonce in outcome.text or outcome.is_error, f"neither our answer nor an error: {outcome.text[:300]!r}"
        assert self.runs()[nonce] <= 1, f"{tool} ran more than once for one call"
        return outcome

    async def failed(self, client: Client, tool: str, **arguments: Any) -> Outcome:
        """Call a tool of the odd server that must end in an error which names the server and says what is wrong."""
        outcome = await self.call(client, tool, **arguments)
        assert outcome.is_error, outcome.text[:300]
        assert ODD in outcome.text
        assert "fault of its own" not in outcome.text
        return outcome

    async def succeeds(self, client: Client, tool: str = "echo", *, server: str = ODD, **arguments: Any) -> Outcome:
        """Call a tool that must answer rightly."""
        outcome = await self.call(client, tool, server=server, **arguments)
        assert not outcome.is_error, outcome.text[:300]
        assert self.runs()[outcome.nonce] == 1
        return outcome

    async def recovers(self, client: Client, *, within: float = 30.0) -> Outcome:
        """Call the odd server until it answers rightly, with a new nonce each time."""
        with anyio.fail_after(within):
            while (outcome := await self.call(client, "echo")).is_error:
                await anyio.sleep(0.1)
        return outcome

    async def neighbour_is_well(self, client: Client, times: int = 3) -> None:
        """Call the calm server some times; each call must be answered rightly."""
        for _again in range(times):
            await self.succeeds(client, server=CALM, text="hello")

    def runs(self) -> Counter[str]:
        """Return how often each nonce was executed, by whichever server."""
        entries = [*self.ledger(), *self.ledger(CALM)]
        return Counter(entry["nonce"] for entry in entries if "ran" in entry and entry["nonce"])

    def at_most_once(self) -> None:
        """Nothing was executed twice."""
        assert [nonce for nonce, times in self.runs().items() if times > 1] == []

    async def _wait_started(self, client: Client) -> None:
        """Wait, before the first call, until both servers are known: on a busy machine they take a while to start."""
        if any(client is known for known in self._settled):
            return
        with anyio.move_on_after(_LONGEST_START):
            while "still starting" in " ".join((await search(client, f"{CALM} {ODD} echo"))["degraded"]):
                await anyio.sleep(0.05)
        self._settled.append(client)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.ledger"


async def search(client: Client, query: str, **more: Any) -> Mapping[str, Any]:
    """Return the reply to a search."""
    reply: Mapping[str, Any] = (await client.call_tool("search_tools", {"query": query, **more})).structured_content
    return reply
