"""What passes between a host and a server during a call, in both eras of either, and between nobody else."""

from __future__ import annotations

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult, RootsListChangedNotification

from tests.interaction.asking_stage import LEGACY, MODERN, Person, call, set_level, stage

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("host_era", [LEGACY, MODERN])


@ERAS
@pytest.mark.parametrize("server_era", [LEGACY, MODERN])
async def test_a_question_reaches_the_user_and_the_answer_the_server(host_era: str, server_era: str) -> None:
    ann = Person("Ann")
    async with stage(server_era=server_era) as scene, scene.host(ann, host_era) as client:
        answer = await call(client, "ask", {"question": "who?"})
    assert ann.asked == ["who?"]
    assert answer.startswith("accept: Ann")
    assert answer.endswith("state of who?") == (server_era == MODERN)
    assert scene.server.began == (["ask"] if server_era == LEGACY else ["ask", "ask"])


@ERAS
async def test_folders_of_the_host_reach_the_server(host_era: str) -> None:
    async with stage() as scene, scene.host(Person("Ann"), host_era) as client:
        assert await call(client, "list_roots") == "file:///Ann"


@ERAS
async def test_progress_reaches_who_asked_for_it(host_era: str) -> None:
    ann = Person("Ann")
    async with stage() as scene, scene.host(ann, host_era) as client:
        assert await call(client, "steps", progress_callback=ann.progress) == "done"
        assert await call(client, "steps") == "done"
    assert ann.steps == [1, 2, 3]


async def test_a_server_that_shows_progress_may_take_longer_than_one_that_is_silent() -> None:
    async with stage(silence=1.0) as scene, scene.host(Person("Ann")) as client:
        assert await call(client, "steps", {"pause": 0.6}) == "done"
        assert "neither an answer nor progress within 1 s" in await call(client, "hang")
        with anyio.fail_after(5):
            while scene.server.cancelled != ["hang"]:
                await anyio.sleep(0.01)


async def test_a_user_may_think_longer_than_a_server_may_be_silent() -> None:
    class Slow(Person):
        async def elicit(self, _context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
            await anyio.sleep(1.5)
            return await super().elicit(_context, params)

    async with stage(silence=1.0) as scene, scene.host(Slow("Ann")) as client:
        assert await call(client, "ask") == "accept: Ann"


@ERAS
async def test_what_the_host_gives_up_the_server_gives_up(host_era: str) -> None:
    async with stage() as scene, scene.host(Person("Ann"), host_era) as client:
        with anyio.move_on_after(0.5):
            await call(client, "hang")
        with anyio.fail_after(1):
            while scene.server.cancelled != ["hang"]:
                await anyio.sleep(0.01)


async def test_a_host_that_leaves_ends_its_calls() -> None:
    async with stage() as scene:
        async with scene.host(Person("Ann")) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(call, client, "hang")
            while not scene.server.began:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        with anyio.fail_after(1):
            while scene.server.cancelled != ["hang"]:
                await anyio.sleep(0.01)


@ERAS
async def test_meta_of_a_call_reaches_the_server_but_for_that_of_the_connection(host_era: str) -> None:
    meta = {"example.org/trace": "t", "io.modelcontextprotocol/mine": 1, "progressToken": "host's"}
    async with stage() as scene, scene.host(Person("Ann"), host_era) as client:
        await call(client, "echo", meta=meta)
    [received] = scene.server.metas
    assert received["example.org/trace"] == "t"
    assert not [key for key in received if key.startswith("io.modelcontextprotocol/")]
    assert received.get("progressToken") != "host's"


async def test_a_host_that_cannot_be_asked_is_not_asked() -> None:
    ann = Person("Ann")
    async with stage() as scene, scene.host(ann, elicitation_callback=None) as client:
        assert (await call(client, "ask")).startswith("error: ")
    assert ann.asked == []


async def test_a_question_is_for_the_host_whose_call_it_is_about() -> None:
    ann, bob = Person("Ann"), Person("Bob")
    async with stage() as scene, scene.host(ann) as of_ann, scene.host(bob) as of_bob:
        assert await call(of_ann, "ask", {"question": "a?"}) == "accept: Ann"
        assert await call(of_bob, "ask", {"question": "b?"}) == "accept: Bob"
    assert (ann.asked, bob.asked) == (["a?"], ["b?"])


async def test_a_question_that_may_be_for_either_of_two_hosts_is_for_neither_and_then_they_take_turns() -> None:
    ann, bob = Person("Ann"), Person("Bob")
    answers: dict[str, str] = {}

    async def ask(client: Client, who: str) -> None:
        answers[who] = await call(client, "ask_late", {"question": f"{who}?"})

    async with stage() as scene, scene.host(ann) as of_ann, scene.host(bob) as of_bob:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, of_ann, "Ann")
            tasks.start_soon(ask, of_bob, "Bob")
            while len(scene.server.began) < 2:
                await anyio.sleep(0.01)
            scene.server.may_ask.set()
        assert all(answer.startswith("error: ") for answer in answers.values())
        assert (ann.asked, bob.asked) == ([], [])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, of_ann, "Ann")
            tasks.start_soon(ask, of_bob, "Bob")
    assert answers == {"Ann": "accept: Ann", "Bob": "accept: Bob"}
    assert (ann.asked, bob.asked) == (["Ann?"], ["Bob?"])


async def test_log_messages_reach_the_host_of_the_call_at_the_level_that_it_wants() -> None:
    ann, bob = Person("Ann"), Person("Bob")
    async with stage() as scene, scene.host(ann) as of_ann, scene.host(bob) as of_bob:
        await call(of_ann, "log")
        await set_level(of_bob, "error")
        await call(of_bob, "log")
    assert ann.logged == ["asking/part debug", "asking/part error"]
    assert bob.logged == ["asking/part error"]


async def test_a_server_that_tells_only_who_asks_is_asked_for_log_messages() -> None:
    async with stage(server_era=MODERN) as scene:
        async with scene.host(Person("Ann")) as client:
            await call(client, "log")
            await set_level(client, "error")
            await call(client, "log")
        async with scene.host(Person("Bob"), MODERN) as client:
            await call(client, "log")
            await call(client, "log", meta={"io.modelcontextprotocol/logLevel": "debug"})
    assert [meta.get("io.modelcontextprotocol/logLevel") for meta in scene.server.metas] == [
        "info",
        "error",
        None,
        "debug",
    ]


async def test_a_server_is_told_the_level_of_log_messages_and_of_changed_folders() -> None:
    async with stage() as scene, scene.host(Person("Ann")) as client:
        await set_level(client, "warning")
        await client.session.send_notification(RootsListChangedNotification())
        with anyio.fail_after(5):
            while scene.server.levels != ["warning"] or scene.server.roots_changed != 1:
                await anyio.sleep(0.01)


async def test_a_call_that_stands_is_given_up_with_a_wrong_answer_to_none() -> None:
    async with stage() as scene, scene.host(Person("Ann"), MODERN) as client:
        result = await client.session.call_tool(
            "call_tool", {"name": "ask", "arguments": {}}, request_state="toolweaver:forged", input_responses={}
        )
        assert result.is_error
        assert "no longer" in str(result.content)
        assert scene.server.began == []
