"""Several hosts on one Toolweaver: what a server asks reaches the host whose call made it ask, never another."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp.client.client import Client

from mcp_toolweaver.app import open_app
from mcp_toolweaver.config import load
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from tests.interaction.oracle import ODD, Oracle
from tests.interaction.person import Person
from tests.interaction.servers import text_of, write_config

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])
MODES = pytest.mark.parametrize("mode", ["legacy", "auto"])


@asynccontextmanager
async def _gateway(config: Path) -> AsyncGenerator[Gateway]:
    """Run Toolweaver in this process, with its servers as processes."""
    environ = {"TOOLWEAVER_EMBEDDING__ENABLED": "false", "TOOLWEAVER_DATA_DIR": str(config.parent / "data")}
    async with open_app(load(config, environ)) as app, anyio.create_task_group() as tasks:
        gateway = Gateway(
            app.catalog, app.asked, app.caller, exposure=Exposure(), wait_searchable=app.warmup.wait_searchable
        )
        HOSTS.set(gateway.sessions)
        tasks.start_soon(gateway.run)
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(app.warmup.run, gateway.catalog_changed, app.cached)
        await app.catalog.wait_settled()
        yield gateway
        tasks.cancel_scope.cancel()
    HOSTS.set(None)


@ERAS
@MODES
async def test_each_host_answers_what_its_own_call_asks(tmp_path: Path, era: str, mode: str) -> None:
    oracle, people = Oracle(tmp_path), [Person(name) for name in ("Ada", "Bo", "Cy", "Di")]
    answers: dict[str, list[str]] = {}

    async def use(gateway: Gateway, person: Person) -> None:
        async with Client(
            gateway.server,
            mode=mode,
            read_timeout_seconds=20,
            elicitation_callback=person.elicit,
            sampling_callback=person.sample,
            list_roots_callback=person.roots,
        ) as client:
            for tool in ("elicit", "sample", "roots"):
                call = {"name": f"{ODD}__{tool}", "arguments": {"nonce": oracle.nonce()}}
                answers.setdefault(person.name, []).append(text_of(await client.call_tool("call_tool", call)))

    config = write_config(tmp_path, oracle.servers("--era", era))
    async with _gateway(config) as gateway:
        await use(gateway, Person("Zoe"))  # from then on the server is known to ask
        async with anyio.create_task_group() as tasks:
            for person in people:
                tasks.start_soon(use, gateway, person)
    for person in people:
        assert all(person.name in answer for answer in answers[person.name])
        assert not any(
            other.name in answer for other in people if other is not person for answer in answers[person.name]
        )
        assert len(person.asked) == 3
    oracle.at_most_once()


async def test_results_of_several_hosts_are_not_mixed_up(tmp_path: Path) -> None:
    oracle = Oracle(tmp_path, deadline=20.0)
    async with _gateway(write_config(tmp_path, oracle.servers())) as gateway:

        async def use(mode: str) -> None:
            async with Client(gateway.server, mode=mode, read_timeout_seconds=20) as client:
                for _again in range(5):
                    await oracle.succeeds(client)

        async with anyio.create_task_group() as tasks:
            for mode in ("legacy", "auto", "legacy", "auto"):
                tasks.start_soon(use, mode)
    oracle.at_most_once()
    assert len(oracle.starts()) == 1
