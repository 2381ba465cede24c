"""How long results may be, and how long the rest of them is kept."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "Input should be a number, not true or false")
    return value


class ResultSettings(BaseModel):
    """What a host gets of a long result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: Annotated[int, BeforeValidator(_number), Field(ge=0)] = 20_000
    """About how many tokens a result may take; the rest is read with ``read_result``. 0 cuts nothing."""
    keep_seconds: Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)] = 600.0
    """Seconds that the whole of a result is kept after it was cut."""
    keep_mb: Annotated[int, BeforeValidator(_number), Field(ge=0)] = 64
    """Memory for all kept results; those read longest ago make room."""
