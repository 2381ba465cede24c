"""What goes to a server with a request, and with the same one again."""

from __future__ import annotations

from typing import Any, cast

from mcp_toolweaver.core.exchange import Exchange
from mcp_toolweaver.proxy.rounds import first_round, next_round

PARAMS = {"name": "t", "arguments": {"a": 1}}
HOST = cast("Any", None)


def test_without_a_host_the_parameters_go_as_they_are() -> None:
    assert first_round(PARAMS, None) == PARAMS
    assert first_round(PARAMS, Exchange(HOST)) == PARAMS


def test_what_came_with_the_host_s_request_goes_along() -> None:
    exchange = Exchange(HOST, {"k": 1}, {"who": {"x": 2}}, "state")
    sent = first_round(PARAMS, exchange)
    assert sent == {**PARAMS, "_meta": {"k": 1}, "inputResponses": {"who": {"x": 2}}, "requestState": "state"}


def test_the_next_round_has_the_new_answers_and_state_and_no_older_ones() -> None:
    sent = first_round(PARAMS, Exchange(HOST, {"k": 1}, {"old": {}}, "old"))
    assert next_round(PARAMS, sent, {"new": {"y": 1}}, "new") == {
        **PARAMS,
        "_meta": {"k": 1},
        "inputResponses": {"new": {"y": 1}},
        "requestState": "new",
    }
    assert next_round(PARAMS, PARAMS, {}, None) == {**PARAMS, "inputResponses": {}}
