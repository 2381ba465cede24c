"""What a function returns, as the result of a call: text, and an object where its type says what is in it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from catalog_sources.functions.finding import Unusable
from catalog_sources.functions.schemas import as_json, object_of, schema_of, unfit

_RESULT = "result"
"""Where a result lies that is no JSON object, as structured results of the protocol must be."""
_TEXT_ALONE = (str, None, type(None), Any, object, inspect.Signature.empty)
"""Types of results that are told as text."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Writes the results of one type."""

    _adapter: TypeAdapter[Any] | None = None
    """None for what is told as text alone."""
    _is_wrapped: bool = False

    @classmethod
    def of(cls, hint: Any, where: str) -> Returned:
        """Read the type that a function says it returns.

        Raises:
            Unusable: it cannot be written as JSON.
        """
        bare = hint.__origin__ if get_origin(hint) is Annotated else hint
        if any(bare is each for each in _TEXT_ALONE):
            return cls()
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(hint)
            if _is_object(adapter.json_schema(mode="serialization")):
                return cls(adapter)
            return cls(object_of({_RESULT: hint}), _is_wrapped=True)
        except PydanticUserError as error:
            raise Unusable(f"{where}: it returns {unfit(hint)}") from error

    @property
    def schema(self) -> dict[str, Any] | None:
        """The output schema; None if there is none."""
        return None if self._adapter is None else schema_of(self._adapter, "serialization")

    def write(self, value: Any) -> dict[str, Any]:
        """Return what the function returned as the payload of a call's result.

        Raises:
            ValueError: it is not what the function says that it returns, or cannot be JSON.
        """
        if self._adapter is None:
            return {"content": [_text(as_json(value))]}
        try:
            whole = self._adapter.validate_python({_RESULT: value} if self._is_wrapped else value)
            written = self._adapter.dump_python(whole, mode="json", by_alias=True, warnings="error")
            json.dumps(written, allow_nan=False)
        except (ValueError, ValidationError, PydanticSerializationError) as error:
            raise ValueError(f"it returned a {type(value).__name__} that is not what its signature says") from error
        return {"content": [_text(written[_RESULT] if self._is_wrapped else written)], "structuredContent": written}


def _is_object(schema: Mapping[str, Any]) -> bool:
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    return bool((schema["$defs"][reference] if reference else schema).get("type") == "object")


def _text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}
