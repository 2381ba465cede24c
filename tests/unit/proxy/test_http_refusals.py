"""What a server refused over HTTP is kept for the message about a failure, as long as it is the last word."""

import httpx2
import pytest

from mcp_toolweaver.proxy.transports import HttpTail

pytestmark = pytest.mark.anyio

URL = "https://example.test/mcp"


def response(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("POST", URL))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_for_want_of_a_login_says_so(status: int) -> None:
    tail = HttpTail()
    await tail.note(response(status))
    assert f"{URL} answered {status}: it needs a login" in tail.last_refusal()


@pytest.mark.parametrize("status", [400, 404, 405, 500, 503])
async def test_other_refusals_name_the_address_and_the_status(status: int) -> None:
    tail = HttpTail()
    await tail.note(response(status))
    assert f"{URL} answered {status}" in tail.last_refusal()
    assert "login" not in tail.last_refusal()


async def test_nothing_was_refused_before_there_was_an_answer_or_after_good_ones() -> None:
    tail = HttpTail()
    assert tail.last_refusal() == ""
    await tail.note(response(200))
    await tail.note(response(202))
    assert tail.last_refusal() == ""


async def test_a_refusal_that_was_followed_by_success_is_no_cause_of_a_later_failure() -> None:
    """Many servers refuse a question for a newer protocol, or a stream of news, and work well otherwise."""
    tail = HttpTail()
    await tail.note(response(405))
    await tail.note(response(200))
    assert tail.last_refusal() == ""
