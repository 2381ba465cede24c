"""Hosts that do not answer, or answer what they like, and servers that ask what they like: only they pay for it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    ElicitRequestParams,
    ElicitResult,
    Request,
    SamplingCapability,
    SamplingToolsCapability,
)
from pydantic import TypeAdapter

from tests.interaction.asking_stage import LEGACY, MODERN, Person, Stage, call, stage

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("host_era", [LEGACY, MODERN])
_ANY: TypeAdapter[Any] = TypeAdapter(dict[str, Any])
GARBAGE: list[Any] = [{"action": "perhaps"}, {"x": 1}, {"action": "accept", "content": {"name": [{}]}}]
SAID = {"action": "accept", "content": {"name": "Ann"}}


class Raw(Request[dict[str, Any], str]):
    """A request with whatever parameters."""


class Silent(Person):
    """Is asked, and never answers."""

    withdrawn = 0

    async def elicit(self, _context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        try:
            await anyio.sleep_forever()
        finally:
            self.withdrawn += 1
        raise AssertionError


async def send(client: Client, tool: str, **more: Any) -> dict[str, Any]:
    """Call a tool as it goes over the wire, and return the result as it comes."""
    params: dict[str, Any] = {"name": "call_tool", "arguments": {"name": tool, "arguments": {}}, **more}
    result: dict[str, Any] = await client.session.send_request(Raw(method="tools/call", params=params), _ANY)
    return result


async def outcome_of(client: Client, **more: Any) -> Any:
    """Return the code of the error that a call is answered with, or whether its result is one."""
    try:
        return "an error" if (await send(client, "ask", **more))["isError"] else "a result"
    except MCPError as error:
        return error.code


def standing(scene: Stage) -> int:
    return scene.gateway._trips.standing  # pyright: ignore[reportPrivateUsage]


async def until(is_so: Any, seconds: float = 5.0) -> None:
    with anyio.fail_after(seconds):
        while not is_so():
            await anyio.sleep(0.01)


async def test_a_host_that_never_comes_back_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.server.round_trips._STANDS", 0.3)
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        asked = await send(client, "ask")
        assert (asked["resultType"], standing(scene)) == ("input_required", 1)
        await until(lambda: scene.server.cancelled == ["ask"])
        assert standing(scene) == 0
        late = await send(client, "ask", requestState=asked["requestState"], inputResponses={"q1": SAID})
        assert late["isError"]
        assert "no longer" in str(late["content"])
        assert scene.server.began == ["ask"]


async def test_an_answer_counts_once() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        asked = await send(client, "ask")
        given = {"requestState": asked["requestState"], "inputResponses": dict.fromkeys(asked["inputRequests"], SAID)}
        assert "accept: Ann" in str(await send(client, "ask", **given))
        assert "no longer" in str(await send(client, "ask", **given))
        assert scene.server.began == ["ask"]


async def test_an_answer_to_no_question_leads_to_the_question_again() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        asked = await send(client, "ask")
        again = await send(client, "ask", requestState=asked["requestState"], inputResponses={"other": SAID})
        assert again["inputRequests"] == asked["inputRequests"]
        assert again["requestState"] != asked["requestState"]
        given = dict.fromkeys(again["inputRequests"], SAID)
        assert "accept: Ann" in str(await send(client, "ask", requestState=again["requestState"], inputResponses=given))
        assert standing(scene) == 0


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_for_an_answer_ends_the_call_with_an_error(garbage: Any) -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        asked = await send(client, "ask")
        given = dict.fromkeys(asked["inputRequests"], garbage)
        outcome = await outcome_of(client, requestState=asked["requestState"], inputResponses=given)
        assert outcome in {"an error", -32602}
        assert "done" in str(await send(client, "echo"))


async def test_a_state_of_somebody_else_does_not_run_a_call_of_an_older_server() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        for state in ("toolweaver:of:another", "foreign", "x" * 100_000):
            result = await send(client, "echo", requestState=state, inputResponses={"q1": SAID})
            assert result["isError"]
        assert scene.server.began == []


async def test_a_host_may_give_up_while_its_answer_is_worked_with() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        asked = await send(client, "ask_and_hang")
        given = dict.fromkeys(asked["inputRequests"], SAID)
        with anyio.move_on_after(0.3):
            await send(client, "ask_and_hang", requestState=asked["requestState"], inputResponses=given)
        await until(lambda: scene.server.cancelled == ["ask_and_hang"])
        assert standing(scene) == 0


async def test_calls_of_one_host_go_on_beside_one_that_stands() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        await send(client, "ask")
        assert await call(client, "ask", {"question": "another?"}) == "accept: Ann"
        assert await call(client, "echo") == "done"
        assert standing(scene) == 1


@ERAS
async def test_two_questions_at_once_are_both_answered(host_era: str) -> None:
    ann = Person("Ann")
    async with stage() as scene, scene.host(ann, host_era) as client:
        assert await call(client, "ask_twice") == "one? accept: Ann; two? accept: Ann"
    assert sorted(ann.asked) == ["one?", "two?"]


async def test_a_question_is_withdrawn_when_its_call_has_ended_though_the_server_insists() -> None:
    silent = Silent("Ann")
    async with stage() as scene, scene.host(silent) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, client, "ask_stubbornly")
            await until(lambda: silent.asked == ["stubborn?"])
            tasks.cancel_scope.cancel()
        await until(lambda: silent.withdrawn == 1)
        await until(lambda: scene.server.answered == ["the call that this question was about has ended"])


async def test_a_standing_call_of_a_server_that_insists_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.server.round_trips._STANDS", 0.3)
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        await send(client, "ask_stubbornly")
        await until(lambda: scene.server.answered == ["the call that this question was about has ended"])
        assert await call(client, "echo") == "done"


@ERAS
async def test_a_server_that_asks_again_and_again_is_answered_no_more(host_era: str) -> None:
    ann = Person("Ann")
    async with stage(server_era=MODERN) as scene, scene.host(ann, host_era) as client:
        if host_era == LEGACY:
            assert "10 times" in await call(client, "ask_for_ever")
            assert len(ann.asked) == 10
        assert await call(client, "echo") == "done"


@ERAS
async def test_sampling_with_tools_reaches_a_host_that_can_and_no_other(host_era: str) -> None:
    async def sample(
        _context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> CreateMessageResultWithTools:
        assert params.tools
        use: dict[str, Any] = {"type": "tool_use", "id": "1", "name": params.tools[0].name, "input": {}}
        return CreateMessageResultWithTools.model_validate(
            {"role": "assistant", "content": [use], "model": "m", "stopReason": "toolUse"}
        )

    able = SamplingCapability(tools=SamplingToolsCapability())
    async with stage() as scene:
        async with scene.host(Person("Ann"), host_era, sampling_callback=sample, sampling_capabilities=able) as client:
            assert "tool_use" in await call(client, "sample_with_tools")
        async with scene.host(Person("Bob"), host_era, sampling_callback=sample) as client:
            assert "does not support" in await call(client, "sample_with_tools")


@ERAS
async def test_a_server_that_dies_while_the_host_is_asked_ends_the_call(host_era: str) -> None:
    silent = Silent("Ann")
    async with stage() as scene, scene.host(silent, host_era) as client:
        if host_era == MODERN:
            asked = await send(client, "ask")
            scene.server.die()
            await until(lambda: standing(scene) == 0)
            late = await send(client, "ask", requestState=asked["requestState"], inputResponses={"q1": SAID})
            assert "no longer" in str(late["content"])
            return
        answers: list[str] = []

        async def ask() -> None:
            answers.append(await call(client, "ask"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await until(lambda: silent.asked == ["?"])
            scene.server.die()
        assert "lost" in answers[0]
        await until(lambda: silent.withdrawn == 1)


async def test_the_question_of_a_host_that_leaves_is_put_to_no_other() -> None:
    silent, bob = Silent("Ann"), Person("Bob")
    async with stage() as scene, scene.host(bob) as of_bob:
        async with scene.host(silent) as of_ann, anyio.create_task_group() as tasks:
            tasks.start_soon(call, of_ann, "ask")
            await until(lambda: silent.asked == ["?"])
            tasks.cancel_scope.cancel()
        assert await call(of_bob, "ask", {"question": "bob?"}) == "accept: Bob"
    assert bob.asked == ["bob?"]


async def test_hosts_take_turns_at_a_server_that_asks() -> None:
    ann, bob = Person("Ann"), Person("Bob")
    async with stage() as scene, scene.host(ann) as of_ann, scene.host(bob) as of_bob:
        await call(of_ann, "ask")  # from now on it is known to ask
        done: list[str] = []

        async def busy(number: int) -> None:
            for _again in range(10):
                await call(of_ann, "steps", {"pause": 0.02})
            done.append(f"ann {number}")

        async with anyio.create_task_group() as tasks:
            for number in range(3):  # there is a call of hers under way all the time
                tasks.start_soon(busy, number)
            await anyio.sleep(0.05)
            await call(of_bob, "echo")
            done.append("bob")
    assert done[0] == "bob"


async def test_who_waits_for_another_host_too_long_is_told_so() -> None:
    silent, bob = Silent("Ann"), Person("Bob")
    async with stage(silence=0.5) as scene, scene.host(silent) as of_ann, scene.host(bob) as of_bob:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, of_ann, "ask")
            await until(lambda: silent.asked == ["?"])
            assert "busy with the call of another" in await call(of_bob, "echo")
            tasks.cancel_scope.cancel()
        assert await call(of_bob, "echo") == "done"
    assert scene.server.began == ["ask", "echo"]


@ERAS
@pytest.mark.parametrize("kind", ["progress", "logs"])
async def test_a_flood_of_one_call_starves_no_other(host_era: str, kind: str) -> None:
    ann, bob = Person("Ann"), Person("Bob")

    async def flood(client: Client) -> None:
        arguments = {"times": 2_000, "with": kind}
        assert await call(client, "flood", arguments, progress_callback=ann.progress) == "done"

    async with (
        stage(silence=30) as scene,
        scene.host(ann, host_era) as of_ann,
        scene.host(bob, host_era) as of_bob,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(flood, of_ann)
        await until(lambda: "flood" in scene.server.began)
        with anyio.fail_after(5):
            assert await call(of_bob, "echo") == "done"
    assert ann.steps == sorted(ann.steps)
    assert (bob.steps, bob.logged) == ([], [])
