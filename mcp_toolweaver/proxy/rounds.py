"""A request that comes to its result in rounds: the server asks for input, and is asked again with the answers.

This is how a server of 2026-07-28 asks the host something: its result is of the type ``input_required``, and
names the questions (``inputRequests``) and what it wants to be given back (``requestState``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY, URL_ELICITATION_REQUIRED

from mcp_toolweaver.core.exchange import ELICIT, Exchange, Refusal

INPUT_REQUIRED = "input_required"
_META = "_meta"


def first_round(params: Mapping[str, Any], exchange: Exchange | None) -> dict[str, Any]:
    """Return the parameters with what came with the host's request: ``_meta``, and answers to earlier questions."""
    sent = dict(params)
    if exchange is None:
        return sent
    if exchange.meta:
        sent[_META] = dict(exchange.meta)
    return sent | _given_back(exchange.input_responses, exchange.request_state)


def next_round(
    params: Mapping[str, Any], sent: Mapping[str, Any], answers: Mapping[str, Any], state: Any
) -> dict[str, Any]:
    """Return the parameters of the next request, after ``sent``, with the answers to the questions."""
    meta = {_META: sent[_META]} if _META in sent else {}
    return {**params, **meta, **_given_back(answers, state)}


def is_for_the_host(refusal: Refusal, exchange: Exchange | None) -> bool:
    """Whether an error speaks to the host rather than to the model: of what it lacks, must do, or gave back."""
    if exchange is None:
        return False
    if not exchange.host.takes_round_trips:
        return refusal.code == URL_ELICITATION_REQUIRED and ELICIT in exchange.host.answers
    return refusal.code == MISSING_REQUIRED_CLIENT_CAPABILITY or exchange.request_state is not None


def _given_back(answers: Mapping[str, Any] | None, state: Any) -> dict[str, Any]:
    given = {"inputResponses": None if answers is None else dict(answers), "requestState": state}
    return {key: value for key, value in given.items() if value is not None}
