"""A document to tools, and to what each call of them does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_sources.openapi.addresses import checked_template
from catalog_sources.openapi.bases import BadAddress, Base, base_at, base_of
from catalog_sources.openapi.credentials import credentials, fixed_names, needed
from catalog_sources.openapi.inputs import Inputs, inputs_of
from catalog_sources.openapi.naming import tool_name
from catalog_sources.openapi.operations import Operation, operations
from catalog_sources.openapi.options import OpenApiOptions
from catalog_sources.openapi.outputs import accepted, output_schema
from catalog_sources.openapi.plans import Plan
from catalog_sources.openapi.problems import BadDocument, BadPart, Problems
from catalog_sources.openapi.reading import read_document
from catalog_sources.openapi.references import References
from catalog_sources.openapi.selecting import Selection
from mcp_toolweaver import MalformedTool, Tool, is_object

KIND = "http"
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_LONGEST_TITLE = 120
_LONGEST_ABOUT = 400
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Built:
    """All that a document comes to."""

    tools: tuple[Tool, ...]
    plans: Mapping[str, Plan]
    """By the names of the tools."""
    problems: tuple[str, ...]


def build(name: str, content: bytes, options: OpenApiOptions, where: str) -> Built:
    """Return the tools of a document.

    Args:
        name: The source, which is the server of its tools.
        content: The document.
        options: The owner's.
        where: What the document is called in messages.

    Raises:
        BadDocument: it cannot be used at all.
    """
    problems = Problems(where)
    document = read_document(content, problems)
    builder = _Builder(name, document, options, problems)
    selection = Selection(options)
    for operation in operations(document, builder.references, problems):
        if selection.takes(operation):
            builder.add(operation)
    selection.tell_unused(problems)
    return Built(tuple(builder.tools), builder.plans, tuple(problems.found))


class _Builder:
    def __init__(self, name: str, document: dict[str, Any], options: OpenApiOptions, problems: Problems) -> None:
        self.references = References(document)
        self.tools: list[Tool] = []
        self.plans: dict[str, Plan] = {}
        self._name, self._document, self._options, self._problems = name, document, options, problems
        self._is_30 = str(document["openapi"]).startswith("3.0")
        self._base = _base(document, options)
        self._credentials = credentials(document, options.auth, self.references, problems)
        self._fixed = fixed_names(list(self._credentials.values()), options.headers)
        self._about = _about(document)
        self._identifiers: dict[str, str] = {}

    def add(self, operation: Operation) -> None:
        """Make a tool of an operation; one that cannot be is told to the problems."""
        try:
            inputs = inputs_of(operation, self.references, is_30=self._is_30, is_fixed=self._is_fixed)
            plan = self._plan(operation, inputs)
            tool = self._tool(operation, inputs, plan)
        except (BadPart, MalformedTool, RecursionError) as bad:
            self._problems.add(operation.place, f"left out: {bad}")
            return
        self.tools.append(tool)
        self.plans[tool.id.name] = plan

    def _is_fixed(self, place: str, name: str) -> bool:
        return (place, name.lower() if place == "header" else name) in self._fixed

    def _plan(self, operation: Operation, inputs: Inputs) -> Plan:
        names = {binding.name for binding in inputs.bindings if binding.place == "path"}
        return Plan(
            method=operation.method,
            template=checked_template(operation.path, names),
            base=self._base_for(operation),
            bindings=inputs.bindings,
            body=inputs.body,
            needed=needed(operation.security, self._credentials, self._document),
            accept=accepted(operation, self.references),
            has_output_schema=output_schema(operation, self.references) is not None,
        )

    def _base_for(self, operation: Operation) -> Base:
        """Return where an operation is; it must be where all others are, since that is where credentials go."""
        if operation.servers is None or self._options.base_url is not None:
            return self._base
        try:
            own = base_of(self._document, operation.servers, self._options.url or str(self._base))
        except BadAddress as bad:
            raise BadPart(str(bad)) from bad
        if own.origin != self._base.origin:
            raise BadPart(f"it is at {own.origin}, not at {self._base.origin}; make it a source with that base_url")
        return own

    def _tool(self, operation: Operation, inputs: Inputs, plan: Plan) -> Tool:
        name = self._tool_name(operation)
        definition: dict[str, Any] = {
            "name": name,
            "title": operation.text("summary")[:_LONGEST_TITLE] or name,
            "description": _description(operation),
            "inputSchema": dict(inputs.schema),
            "annotations": _annotations(operation.method),
        }
        if plan.has_output_schema:
            definition["outputSchema"] = output_schema(operation, self.references)
        return Tool.from_definition(
            self._name, definition, domain=self._domain(operation), server_description=self._about, kind=KIND
        )

    def _tool_name(self, operation: Operation) -> str:
        identifier = operation.identifier
        name = tool_name(identifier, operation.method, operation.path, self.plans)
        if name in self.plans:
            raise BadPart(f"the name {name!r} is another operation's; give it an operationId of its own")
        if identifier and self._identifiers.setdefault(identifier, operation.place) != operation.place:
            first = self._identifiers[identifier]
            self._problems.add(
                operation.place,
                f"has the operationId {identifier!r} of {first}; it is called {name!r}; give it its own",
            )
        return name

    def _domain(self, operation: Operation) -> str:
        if self._options.domain_from != "tag" or not operation.tags:
            return ""
        return _SLUG.sub("-", operation.tags[0].lower()).strip("-")


def _base(document: dict[str, Any], options: OpenApiOptions) -> Base:
    """Return where calls go: where the owner says, else where the document says, which must be its own place."""
    if options.base_url is not None:
        return base_at(options.base_url)
    try:
        base = base_of(document, None, options.url)
        own = base_at(options.url.split("?")[0]) if options.url is not None else base
    except BadAddress as bad:
        raise BadDocument(f"#/servers: {bad}; set base_url to where the API is") from bad
    if own.origin != base.origin:
        raise BadDocument(
            f"#/servers: it is from {own.origin} and sends calls to {base}; if that is right, set base_url"
        )
    return base


def _description(operation: Operation) -> str:
    """Return what an operation does, and which it is."""
    summary, description = operation.text("summary"), operation.text("description")
    said = description if description.startswith(summary) else f"{summary}\n\n{description}".strip()
    return f"{said}\n\n{operation.method} {operation.path}".strip()


def _annotations(method: str) -> dict[str, bool]:
    """Return what the method promises (RFC 9110, section 9.2)."""
    annotations = {"readOnlyHint": method in _SAFE, "openWorldHint": True}
    if method == "DELETE":
        annotations |= {"destructiveHint": True, "idempotentHint": True}
    if method == "PUT":
        annotations["idempotentHint"] = True
    return annotations


def _about(document: dict[str, Any]) -> str:
    info = document.get("info")
    texts = [info.get(key) for key in ("title", "summary", "description")] if is_object(info) else []
    said = [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
    return ". ".join(said)[:_LONGEST_ABOUT]
