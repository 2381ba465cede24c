"""Prompts of servers as hosts see them, in both eras of either."""

from __future__ import annotations

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CompleteRequest, CompleteRequestParams, CompleteResult, CompletionArgument, PromptReference

from mcp_toolweaver.core.policy import SourcePolicy
from tests.downstreams.offering import OfferingServer
from tests.interaction.offering_stage import LEGACY, MODERN, offering

pytestmark = pytest.mark.anyio

HOSTS = pytest.mark.parametrize("host_era", [LEGACY, MODERN])
SERVERS = pytest.mark.parametrize("server_era", [LEGACY, MODERN])


def server(*prompts: str, is_modern: bool = False) -> OfferingServer:
    return OfferingServer(is_modern=is_modern, prompts=prompts)


@HOSTS
@SERVERS
async def test_prompts_are_listed_and_got_under_names_that_tell_whose_they_are(host_era: str, server_era: str) -> None:
    servers = {
        "a": server("greet", "part", is_modern=server_era == MODERN),
        "b": server("greet", is_modern=server_era == MODERN),
    }
    async with offering(servers) as stage, stage.host(host_era) as client:
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["a__greet", "a__part", "b__greet"]
        for name, meant in (("a__greet", "greet"), ("b__greet", "greet"), ("part", "part")):
            [message] = (await client.get_prompt(name, {"k": "v"})).messages
            assert getattr(message.content, "text", "") == f"{meant} {{'k': 'v'}}"
        for unknown in ("greet", "nobody", "c__greet"):
            with pytest.raises(MCPError) as refused:
                await client.get_prompt(unknown)
            assert refused.value.code == -32602
    got = [[params["name"] for method, params in each.asked if method == "prompts/get"] for each in servers.values()]
    assert got == [["greet", "part"], ["greet"]]


@HOSTS
async def test_of_two_with_one_name_the_first_counts(host_era: str) -> None:
    servers = {"a": server("greet"), "b": server("greet", "more"), "c": server("c")}
    policies = {"a": SourcePolicy(prefix=""), "b": SourcePolicy(prefix=""), "c": SourcePolicy(prompts=False)}
    async with offering(servers, policies) as stage, stage.host(host_era) as client:
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["greet", "more"]
        await client.get_prompt("greet")
        with pytest.raises(MCPError):
            await client.get_prompt("c__c")
    assert [bool([1 for method, _ in each.asked if method == "prompts/get"]) for each in servers.values()] == [
        True,
        False,
        False,
    ]


@HOSTS
async def test_completion_of_a_prompt_is_asked_of_its_server(host_era: str) -> None:
    async with offering({"a": server("greet")}) as stage, stage.host(host_era) as client:
        ref = PromptReference(name="a__greet")
        asked = CompleteRequestParams(ref=ref, argument=CompletionArgument(name="k", value="v"))
        result = await client.session.send_request(CompleteRequest(params=asked), CompleteResult)
    assert result.completion.values == ["greet v"]
