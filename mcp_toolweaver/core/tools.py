"""What a tool is, and what an immutable catalog of tools is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from mcp_toolweaver.core.definition import mend
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.names import bare_name, callable_name
from mcp_toolweaver.core.scrub import scrub

_NOTHING: Mapping[str, Any] = MappingProxyType({})

MCP_WORKER = "mcp_worker"
"""The kind of a tool that an MCP server has. Others are ``function``, ``code_exec``, ``http`` and what plugins name."""


@dataclass(frozen=True, slots=True, order=True)
class ToolId:
    """A tool's identity: the server it belongs to and its name there, written ``server::name``."""

    server: str
    name: str

    def __str__(self) -> str:
        return f"{self.server}::{self.name}"


@dataclass(frozen=True)
class Tool:
    """One tool: its identity and its definition as the server's ``tools/list`` gave it.

    ``definition`` is the JSON object of the MCP specification (``name``, ``description``,
    ``inputSchema``, ...), repaired where it was malformed. Treat it as read-only.
    """

    id: ToolId
    definition: Mapping[str, Any]
    domain: str = "general"
    server_description: str = ""
    is_callable: bool = True
    """False for a tool that is only described in a file: it can be found, not called."""
    prefix: str | None = None
    """What goes before its name in `callable_name`; None is the server's name, an empty text is nothing."""
    kind: str = MCP_WORKER
    """What a call of it runs."""

    @classmethod
    def from_definition(
        cls,
        server: str,
        raw: Any,
        *,
        domain: str = "",
        server_description: str = "",
        is_callable: bool = True,
        kind: str = MCP_WORKER,
    ) -> Tool:
        """Make a tool of ``server`` from a foreign definition; the domain defaults to the server.

        Raises:
            MalformedTool: the definition cannot be used; see `mcp_toolweaver.core.definition.mend`.
        """
        definition = mend(raw)
        return cls(
            id=ToolId(scrub(server), definition["name"]),
            definition=definition,
            domain=scrub(domain or server),
            server_description=scrub(server_description),
            is_callable=is_callable,
            kind=scrub(kind),
        )

    @cached_property
    def callable_name(self) -> str:
        """The name a host calls the tool by; see `mcp_toolweaver.core.names`."""
        if self.prefix == "":
            return bare_name(self.id.name)
        return callable_name(self.id.server if self.prefix is None else self.prefix, self.id.name)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that affects search or calls; equal digests are equal tools."""
        about = [self.domain, self.server_description, self.is_callable, self.kind]
        parts = [self.id.server, self.id.name, self.definition, *about]
        encoded = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(encoded.encode(errors="replace")).hexdigest()

    @property
    def title(self) -> str:
        """The display name, by the precedence of the MCP specification; empty if there is none."""
        return str(self.definition.get("title") or self.annotations.get("title") or "")

    @property
    def description(self) -> str:
        """The description; empty if there is none."""
        return str(self.definition.get("description") or "")

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """The JSON schema of the arguments."""
        schema = self.definition.get("inputSchema")
        return schema if is_object(schema) else _NOTHING

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The MCP annotations (``readOnlyHint``, ``destructiveHint``, ...): hints, not promises."""
        annotations = self.definition.get("annotations")
        return annotations if is_object(annotations) else _NOTHING


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call returned: the JSON object of an MCP ``CallToolResult``, passed through whole."""

    payload: Mapping[str, Any]

    @property
    def is_error(self) -> bool:
        """Whether the downstream tool reported an error."""
        return bool(self.payload.get("isError", False))

    @classmethod
    def from_text(cls, text: str, *, is_error: bool = False) -> ToolResult:
        """Build a result of one text block."""
        return cls({"content": [{"type": "text", "text": text}], "isError": is_error})


@dataclass(frozen=True)
class Snapshot:
    """An immutable catalog. A change builds the next snapshot; readers keep the one they took."""

    tools: Mapping[ToolId, Tool] = field(default_factory=dict[ToolId, Tool])

    @classmethod
    def of(cls, tools: Iterable[Tool]) -> Snapshot:
        """Build a snapshot; of several tools with one identity or callable name, the first stays."""
        kept: dict[ToolId, Tool] = {}
        names: set[str] = set()
        for tool in tools:
            if tool.id in kept or tool.callable_name in names:
                continue
            kept[tool.id] = tool
            names.add(tool.callable_name)
        return cls(MappingProxyType(kept))

    @cached_property
    def generation(self) -> str:
        """A hash over all tools: equal generations are equal catalogs."""
        joined = "\n".join(sorted(tool.digest for tool in self.tools.values()))
        return hashlib.sha256(joined.encode()).hexdigest()[:16]

    @cached_property
    def by_callable_name(self) -> Mapping[str, Tool]:
        """The tools by the name that a host calls them by."""
        return MappingProxyType({tool.callable_name: tool for tool in self.tools.values()})

    @cached_property
    def by_tool_name(self) -> Mapping[str, tuple[Tool, ...]]:
        """The tools by the name that their server gave them; a name may live on several servers."""
        grouped: dict[str, list[Tool]] = {}
        for tool in self.tools.values():
            grouped.setdefault(tool.id.name, []).append(tool)
        return MappingProxyType({name: tuple(tools) for name, tools in grouped.items()})

    @cached_property
    def by_server(self) -> Mapping[str, tuple[Tool, ...]]:
        """The tools of each server, in the order in which the catalog holds them."""
        grouped: dict[str, list[Tool]] = {}
        for tool in self.tools.values():
            grouped.setdefault(tool.id.server, []).append(tool)
        return MappingProxyType({server: tuple(tools) for server, tools in grouped.items()})

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of its tools."""
        return frozenset(tool.kind for tool in self.tools.values())

    def __len__(self) -> int:
        return len(self.tools)
