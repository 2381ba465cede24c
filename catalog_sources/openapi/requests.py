"""Arguments to a request that goes where it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from catalog_sources.openapi.addresses import assert_within, path_of
from catalog_sources.openapi.bindings import Binding
from catalog_sources.openapi.bodies import Payload, payload_of
from catalog_sources.openapi.headers import is_header_value
from catalog_sources.openapi.plans import Plan
from catalog_sources.openapi.serializing import encoded, in_header, in_query, text_of
from mcp_toolweaver import InvalidArguments

_LONGEST_ADDRESS = 16_000
AGENT = "mcp-toolweaver"


def request_for(plan: Plan, arguments: Mapping[str, Any], own_headers: Mapping[str, str]) -> httpx2.Request:
    """Return the request of a call.

    Args:
        plan: The operation.
        arguments: The tool's arguments; null is the same as absent, but in a body.
        own_headers: The owner's.

    Raises:
        InvalidArguments: one cannot be sent as it is; nothing may be sent then.
    """
    _refuse_unknown(plan, arguments)
    given = {key: value for key, value in arguments.items() if value is not None}
    pairs = [pair for binding in plan.bindings if binding.place == "query" for pair in _query(binding, given)] + [
        f"{encoded(one.name)}={encoded(one.value)}" for one in plan.needed.credentials if one.place == "query"
    ]
    path = path_of(plan.template, plan.bindings, given)
    address = f"{plan.base}{path}" + (f"?{'&'.join(pairs)}" if pairs else "")
    if len(address) > _LONGEST_ADDRESS:
        raise InvalidArguments(f"the address would be {len(address)} characters long; give shorter or fewer values")
    url = httpx2.URL(address)
    assert_within(plan.base, url, plan.template)
    payload = payload_of(plan.body, arguments, {binding.argument for binding in plan.bindings})
    return _request(plan, url, _headers(plan, given, own_headers, payload), payload)


def _request(plan: Plan, url: httpx2.URL, headers: Mapping[str, str], payload: Payload) -> httpx2.Request:
    raw = [(name.encode("ascii"), value.encode()) for name, value in headers.items()]
    if payload.files is not None:
        request = httpx2.Request(plan.method, url, headers=raw, files=payload.files)
        request.read()  # so that a redirect can send it again
        return request
    return httpx2.Request(plan.method, url, headers=raw, content=payload.content)


def _refuse_unknown(plan: Plan, arguments: Mapping[str, Any]) -> None:
    known = {binding.argument for binding in plan.bindings}
    if plan.body is not None:
        if plan.body.takes_more:
            return
        known |= {"body"} if plan.body.properties is None else set(plan.body.properties)
    unknown = sorted(set(arguments) - known)
    if unknown:
        raise InvalidArguments(f"{plan.label} has no {unknown[0]!r}; it takes: {', '.join(sorted(known)) or 'nothing'}")


def _query(binding: Binding, given: Mapping[str, Any]) -> Iterator[str]:
    value = given.get(binding.argument)
    if value is None:
        return
    rendered = text_of(value) if binding.as_json else value
    yield from in_query(binding.style, binding.name, rendered, explode=binding.explode)


def _headers(plan: Plan, given: Mapping[str, Any], own_headers: Mapping[str, str], payload: Payload) -> dict[str, str]:
    """Return all headers by lower-case name; the owner's and the credentials count more than a caller's."""
    headers = {"user-agent": AGENT, "accept": plan.accept, "accept-encoding": "gzip, deflate"}
    for binding in plan.bindings:
        if binding.place == "header" and binding.argument in given:
            headers[binding.name.lower()] = _header_value(binding, given[binding.argument])
    headers |= {name.lower(): value for name, value in own_headers.items()}
    if payload.content_type:
        headers["content-type"] = payload.content_type
    headers |= {one.name.lower(): one.value for one in plan.needed.credentials if one.place == "header"}
    cookies = [*_cookies(plan, given), *([headers["cookie"]] if "cookie" in headers else [])]
    return {**headers, "cookie": "; ".join(cookies)} if cookies else headers


def _cookies(plan: Plan, given: Mapping[str, Any]) -> Iterator[str]:
    for binding in plan.bindings:
        if binding.place == "cookie" and binding.argument in given:
            explode = binding.explode and isinstance(given[binding.argument], dict)
            yield from in_query("form", binding.name, given[binding.argument], explode=explode)
    for one in plan.needed.credentials:
        if one.place == "cookie":
            yield f"{encoded(one.name)}={encoded(one.value)}"


def _header_value(binding: Binding, value: Any) -> str:
    text = text_of(value) if binding.as_json else in_header(value, explode=binding.explode)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArguments(f"{binding.argument!r} has half a character; leave it out") from error
    if not is_header_value(text):
        raise InvalidArguments(
            f"{binding.argument!r} has a line break, another control character or white space around it, "
            "which a header cannot have; nothing was sent"
        )
    return text
