"""The arguments of the meta-tools: validated here, and described to the model by the same models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.json_values import is_array

DEFAULT_LIMIT = 5
LARGEST_LIMIT = 50
MOST_QUERIES = 10
LARGEST_MAX_TOKENS = 100_000
_LONGEST_FAULT = 200

Detail: TypeAlias = Literal["names", "signature", "schema"]


def _at_most(value: Any) -> Any:
    """Take a limit above the largest one for the largest one, and none for the default."""
    if value is None:
        return DEFAULT_LIMIT
    return min(value, LARGEST_LIMIT) if isinstance(value, int) else value


def _bounded(value: Any) -> Any:
    """Take any large number of tokens for the largest one."""
    return min(value, LARGEST_MAX_TOKENS) if isinstance(value, int) else value


def _plain(value: Any) -> Any:
    """Take a detail in any case, and none for the default."""
    return "signature" if value is None else value.strip().lower() if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    """Take one name for a list of one name, and a list that was written as JSON text for the list."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _decoded(value)
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

    query: str | None = Field(
        default=None, description="What you want to do, in your own words, or the name of a tool or server."
    )
    queries: list[str] | None = Field(
        default=None, description=f"Instead of query: up to {MOST_QUERIES} needs of one task, answered one by one."
    )
    limit: Annotated[int, BeforeValidator(_at_most)] = Field(
        default=DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many tools to return, for each need."
    )
    domain: str | None = Field(default=None, description="Only tools of this domain or server.")
    kind: str | None = Field(default=None, description="Only tools of which a call runs such a thing.")
    detail: Annotated[Detail, BeforeValidator(_plain)] = Field(
        default="signature", description="How much to say of each tool."
    )
    max_tokens: Annotated[int | None, BeforeValidator(_bounded)] = Field(
        default=None, ge=1, description="About how long the answer may be; what does not fit is shortened or left out."
    )

    @model_validator(mode="before")
    @classmethod
    def _forgive(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take a list of queries for what it is, under either name and as JSON text."""
        query, queries = given.get("query"), _listed(given.get("queries"))
        if is_array(query):
            given, queries = {**given, "query": None}, [*query, *(queries if is_array(queries) else [])]
        return given if queries is None else {**given, "queries": queries}


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


class ReadArguments(_Request):
    """Arguments of ``read_result``."""

    key: str = Field(description="The key that the cut result names.")
    offset: int = Field(default=0, ge=0, description="Where to begin, in characters.")
    limit: int | None = Field(default=None, ge=1, description="At most so many characters; by default all that fits.")


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
            f"{'.'.join(map(str, fault['loc']))[:_LONGEST_FAULT]}: {fault['msg'][:_LONGEST_FAULT]}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        fields = ", ".join(model.model_fields)
        raise InvalidArguments(f"Wrong arguments for {tool}: {'; '.join(faults[:5])}. It takes: {fields}.") from error


def schema(model: type[_Request]) -> dict[str, Any]:
    """Return the JSON schema of a meta-tool's arguments, without the titles that pydantic adds."""
    made = model.model_json_schema()
    for field in made["properties"].values():
        field.pop("title", None)
        if "anyOf" in field:  # an optional value: absent, rather than null
            field.update(field.pop("anyOf")[0])
            field.pop("default", None)
    return {key: made[key] for key in ("type", "properties", "required", "additionalProperties") if key in made}
