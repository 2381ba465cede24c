"""What a server's entry says of how we treat it, beside how it is reached."""

from __future__ import annotations

from typing import Any

from mcp_toolweaver.config.fields import Fields

OURS = frozenset(
    {"start", "idleTimeout", "refreshInterval", "concurrency", "queue", "queueTimeout", "deadline", "trusted"}
    | {"prefix", "resources", "prompts", "domain"}
)
"""The fields that are read here; hosts know none of them."""


def own_policy(fields: Fields) -> dict[str, Any]:
    """Return what is chosen for this server alone, by the fields of `SourcePolicy`; what is wrong is reported."""
    return _given(
        start=fields.choice("start", "lazy", "eager"),
        idle_timeout=fields.lifetime("idleTimeout"),
        refresh_interval=fields.lifetime("refreshInterval"),
        concurrency=fields.count("concurrency", least=1),
        queue=fields.count("queue", least=0),
        queue_timeout=fields.seconds("queueTimeout"),
        deadline=fields.seconds("deadline"),
        trusted=fields.flag("trusted"),
    )


def own_offer(fields: Fields) -> dict[str, Any]:
    """Return what of the server is offered and how, by the fields of `SourceSpec`; what is wrong is reported."""
    return _given(
        domain=fields.text("domain") or None,
        prefix=fields.flag_or_text("prefix"),
        resources=fields.flag("resources"),
        prompts=fields.flag("prompts"),
    )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
