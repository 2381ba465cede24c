"""A report as JSON text: readable, with one line a query where there may be thousands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.evaluation.per_query import KEY


def report_text(report: Mapping[str, Any]) -> str:
    """Return the report as JSON that any UTF-8 stream takes; lone surrogates are escaped."""
    parts = [f"  {json.dumps(key)}: {_part(key, value)}" for key, value in report.items()]
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _part(key: str, value: Any) -> str:
    if key == KEY and is_object(value):
        rows = ",\n".join(f"      {_short(id_)}: {_short(row)}" for id_, row in value["rows"].items())
        return f'{{\n    "fields": {_short(value["fields"])},\n    "rows": {{\n{rows}\n    }}\n  }}'
    return json.dumps(value, ensure_ascii=False, indent=2, default=str).replace("\n", "\n  ")


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
