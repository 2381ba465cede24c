"""The types of our settings: what each accepts, and what it says of the rest."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from mcp_toolweaver.core.policy import Start


def number(value: Any) -> Any:
    """Refuse true and false, which are numbers to Python."""
    if isinstance(value, bool):
        raise PydanticCustomError("number", "Input should be a number, not true or false")
    return value


def lower(value: Any) -> Any:
    """Return a text in small letters."""
    return value.lower() if isinstance(value, str) else value


def _device(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", value.lower()):
        raise PydanticCustomError("device", "Input should be auto, cpu, mps, cuda, or one card such as cuda:1")
    return value.lower()


def redis_url(value: SecretStr) -> SecretStr:
    """Refuse what is no address of a Redis."""
    if not re.match(r"(rediss?(\+(sentinel|cluster))?|unix)://.", value.get_secret_value()):
        raise PydanticCustomError(
            "redis",
            "Input should be a URL such as redis://localhost:6379; rediss:// is with TLS, and the guide has more",
        )
    return value


def _folder(value: Any) -> Any:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise PydanticCustomError("folder", "Input should be the path of a folder")
    return os.path.expanduser(value)  # noqa: PTH111  # Path.expanduser() raises where there is no home


Count: TypeAlias = Annotated[int, BeforeValidator(number), Field(ge=0)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(number), Field(gt=0, allow_inf_nan=False)]
Lifetime: TypeAlias = Annotated[float, BeforeValidator(number), Field(ge=0, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, BeforeValidator(number), Field(ge=0, le=1)]
Folder: TypeAlias = Annotated[Path, BeforeValidator(_folder)]
Positive: TypeAlias = Annotated[int, BeforeValidator(number), Field(ge=1)]
Port: TypeAlias = Annotated[int, BeforeValidator(number), Field(ge=1, le=65_535)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Engine: TypeAlias = Annotated[Literal["embedded", "memory", "qdrant"], BeforeValidator(lower)]
Device: TypeAlias = Annotated[str, BeforeValidator(_device)]
Precision: TypeAlias = Annotated[Literal["auto", "fp32", "int8"], BeforeValidator(lower)]
RedisUrl: TypeAlias = Annotated[SecretStr, AfterValidator(redis_url)]
StartAt: TypeAlias = Annotated[Start, BeforeValidator(lower)]
LogLevel: TypeAlias = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)]
