"""What an API refused, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable

from catalog_sources.openapi.answers import META, Answer, meta_of
from catalog_sources.openapi.plans import Plan
from mcp_toolweaver import ToolResult

_MOST_OF_BODY = 2_000
_LEAST_SECRET = 6
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _FAULT, _AWAY = 400, 401, 403, 429, 500, 503
_CORRECT = "Correct the arguments by what is said above; get_tool_details shows what each one must be."
_SAID = {
    **dict.fromkeys((400, 409, 415, 422), _CORRECT),
    404: "Check the ids and names in the path: what they name is not there, or not for these credentials.",
}
_FAULT_OF_THE_API = "The fault is the API's. Whether the call took effect is unknown; look before you repeat it."


def refusal(answer: Answer, plan: Plan, secrets: Iterable[str]) -> ToolResult:
    """Return the error for a status of 300 or more; ``secrets`` that the API repeats are left out."""
    body = _masked(answer.text.strip(), secrets)
    shown = body[:_MOST_OF_BODY] + (" ..." if len(body) > _MOST_OF_BODY else "")
    lines = [f"{plan.label} was answered {answer.status} {answer.reason}".strip() + ".", shown, _next(answer, plan)]
    result = ToolResult.from_text("\n".join(line for line in lines if line), is_error=True)
    return ToolResult({**result.payload, "_meta": {META: meta_of(answer)}})


def too_large(plan: Plan, limit: int) -> ToolResult:
    """Return the error for an answer that is longer than we read."""
    text = (
        f"{plan.label} was answered with more than {limit} bytes, which were not read further. "
        "Ask for less, by a page size or a filter, or let the owner raise max_response_bytes."
    )
    return ToolResult.from_text(text, is_error=True)


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= _LEAST_SECRET:
            text = text.replace(secret, "***")
    return text


def _next(answer: Answer, plan: Plan) -> str:
    """Return what to do about a status."""
    status = answer.status
    if status in _SAID:
        return _SAID[status]
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return _about_credentials(plan)
    if status in (_TOO_MANY, _AWAY):
        after = answer.headers.get("retry-after", "")[:60]
        return f"Try again {f'after {after} s' if after.isdigit() else f'at {after}' if after else 'later'}."
    if status < _BAD_REQUEST:
        where = answer.headers.get("location", "nowhere")[:200]
        return f"It points to {where}, which was not followed: only addresses below {plan.base} are."
    return _FAULT_OF_THE_API if status >= _FAULT else ""


def _about_credentials(plan: Plan) -> str:
    if plan.needed.missing:
        return f"It needs credentials that are not configured: the owner sets {' and '.join(plan.needed.missing)}."
    if plan.needed.credentials:
        return "The configured credentials (auth) were refused: the owner checks that they are right and may do this."
    return "If it needs credentials, the owner sets them under auth or headers of this source."
