"""The values that environment variables give to our settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from mcp_toolweaver.config.settings import ENVIRONMENT_PREFIX, NESTED_DELIMITER, Settings


def environment_values(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in the environment as nested texts; they are not validated yet.

    ``{"TOOLWEAVER_EXPOSE__DIRECT_THRESHOLD": "5"}`` gives ``{"expose": {"direct_threshold": "5"}}``.
    An empty variable counts as unset, and an unknown one at the top is somebody else's.
    """
    return _Environment(environ)()


def variable_name(path: tuple[str, ...]) -> str:
    """Return the variable that sets the setting at a path such as ``("expose", "direct_threshold")``."""
    return ENVIRONMENT_PREFIX + NESTED_DELIMITER.join(path).upper()


class _Environment(EnvSettingsSource):
    """Reads a given environment instead of the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = {name.lower(): value for name, value in environ.items() if value}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Decode a part that was given as JSON; what is no JSON stays text, and validation refuses it."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            return value
