"""An OpenAPI source as a person configures it, through the commands and through an MCP host."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.interaction.servers import environment, host, text_of
from tests.openapi.api import Api
from tests.openapi.recorder import Recorder, recording
from tests.openapi.specs import document, written


class Petstore:
    """The configuration of a petstore that runs."""

    def __init__(self, config: Path, server: Recorder, api: Api) -> None:
        self.config, self.server, self.api = config, server, api

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        command = [sys.executable, "-m", "mcp_toolweaver", *arguments, "--config", str(self.config)]
        env = environment(self.config.parent, COLUMNS="200", PET_KEY="k3y-of-pets")
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=100, check=False)


@pytest.fixture(scope="module")
def petstore(tmp_path_factory: pytest.TempPathFactory) -> Generator[Petstore]:
    folder = tmp_path_factory.mktemp("petstore")
    written(folder, "petstore.yaml")
    api = Api(document("petstore.yaml"), "/api/v3")
    with recording() as server:
        server.answer = api.answer
        (folder / "toolweaver.toml").write_text(
            f"""
            [[sources]]
            kind = "openapi"
            name = "pets"
            path = "petstore.yaml"
            base_url = "{server.url}/api/v3"
            auth.api_key = {{ value = "${{PET_KEY}}" }}
            exclude = ["user", "no such tag"]
            """,
            encoding="utf-8",
        )
        yield Petstore(folder / "toolweaver.toml", server, api)


def test_a_command_calls_an_operation_with_the_owners_key(petstore: Petstore) -> None:
    done = petstore.run("call", "pets__getPetById", '{"petId": 7}', "--json")
    assert done.returncode == 0, done.stderr
    assert petstore.server.last.target == "/api/v3/pet/7"
    assert petstore.server.last.header("api_key") == "k3y-of-pets"
    assert json.loads(done.stdout)["structuredContent"]["name"]
    assert "k3y-of-pets" not in done.stdout + done.stderr


def test_what_is_wrong_with_a_source_is_listed(petstore: Petstore) -> None:
    done = petstore.run("list", "--problems", "--json")
    listed = json.loads(done.stdout)
    assert "the pattern 'no such tag' fits no operation" in json.dumps(listed)


@pytest.mark.anyio
async def test_a_host_finds_an_operation_and_calls_it(petstore: Petstore) -> None:
    """The arguments are checked by the schema, and a refusal of the API is a result that the model reads."""
    async with host(petstore.config, TOOLWEAVER_EXPOSE="search", PET_KEY="k3y-of-pets") as client:
        found = await client.call_tool("search_tools", {"query": "add a new pet to the store"})
        assert "pets__addPet" in text_of(found)
        pet = {"name": "Rex & co", "photoUrls": ["https://example.com/rex.png"], "status": "sold"}
        added = await client.call_tool("call_tool", {"name": "pets__addPet", "arguments": pet})
        assert not added.is_error, text_of(added)
        assert (petstore.server.last.method, petstore.server.last.target) == ("POST", "/api/v3/pet")
        assert json.loads(petstore.server.last.body) == pet
        count = len(petstore.server.requests)
        wrong: dict[str, Any] = {"name": "pets__addPet", "arguments": {"status": "sold"}}
        assert "photoUrls" in text_of(await client.call_tool("call_tool", wrong))
        out: dict[str, Any] = {"name": "pets__deleteOrder", "arguments": {"orderId": "../../admin"}}
        assert (await client.call_tool("call_tool", out)).is_error
        assert len(petstore.server.requests) == count
