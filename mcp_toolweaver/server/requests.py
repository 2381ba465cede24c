"""The arguments of the meta-tools: validated here, and described to the model by the same models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mcp_toolweaver.core.errors import InvalidArguments

DEFAULT_LIMIT = 5
LARGEST_LIMIT = 50


def _at_most(value: Any) -> Any:
    """Take a limit above the largest one for the largest one, and none for the default."""
    if value is None:
        return DEFAULT_LIMIT
    return LARGEST_LIMIT if isinstance(value, int) and value > LARGEST_LIMIT else value


def _listed(value: Any) -> Any:
    """Take one name for a list of one name, and a list that was written as JSON text for the list."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        return _decoded(value)
    return [value] if isinstance(value, str) else value


def _decoded(value: Any) -> Any:
    """Take an object that was written as JSON text for the object."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchArguments(_Request):
    """Arguments of ``search_tools``."""

    query: str = Field(description="What you want to do, in your own words, or the name of a tool or server.")
    limit: Annotated[int, BeforeValidator(_at_most)] = Field(
        default=DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many tools to return."
    )
    domain: str | None = Field(default=None, description="Only tools of this domain or server.")


class DetailsArguments(_Request):
    """Arguments of ``get_tool_details``."""

    names: Annotated[list[str], BeforeValidator(_listed)] = Field(
        min_length=1, max_length=LARGEST_LIMIT, description="Names of tools, as search_tools returned them."
    )


class CallArguments(_Request):
    """Arguments of ``call_tool``."""

    name: str = Field(description="The tool's name, as search_tools returned it.")
    arguments: Annotated[dict[str, Any], BeforeValidator(_decoded)] = Field(
        default={}, description="The tool's arguments, by its inputSchema."
    )
    server: str | None = Field(default=None, description="The tool's server; only if name is the tool's original name.")


RequestT = TypeVar("RequestT", bound=_Request)


def parse(model: type[RequestT], tool: str, arguments: Mapping[str, Any]) -> RequestT:
    """Return the validated arguments of a meta-tool.

    Raises:
        InvalidArguments: they do not fit; the message names the fields.
    """
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        fields = ", ".join(model.model_fields)
        raise InvalidArguments(f"Wrong arguments for {tool}: {'; '.join(faults[:5])}. It takes: {fields}.") from error


def schema(model: type[_Request]) -> dict[str, Any]:
    """Return the JSON schema of a meta-tool's arguments, without the titles that pydantic adds."""
    made = model.model_json_schema()
    for field in made["properties"].values():
        field.pop("title", None)
        if "anyOf" in field:  # an optional text: absent, rather than null
            field["type"] = field.pop("anyOf")[0]["type"]
            field.pop("default", None)
    return {key: made[key] for key in ("type", "properties", "required", "additionalProperties") if key in made}
