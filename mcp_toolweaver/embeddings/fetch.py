"""The process that downloads a model: ``python -m mcp_toolweaver.embeddings.fetch organization/name``.

It prints a line of JSON for each step: ``{"done": 1, "total": 9}``, at last ``{"folder": "..."}`` or
``{"refused": "unknown", "said": "..."}``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from mcp_toolweaver.core.children import be_a_child

ONNX_ONLY = "--onnx-only"


def main() -> None:
    """Download the model that the arguments name."""
    be_a_child()
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from mcp_toolweaver.embeddings.hub import Refused, fetch  # noqa: PLC0415  it reads its environment when imported

    try:
        folder = fetch(sys.argv[1], lambda done, total: _tell(done=done, total=total), onnx_only=ONNX_ONLY in sys.argv)
        _tell(folder=str(folder))
    except Refused as refused:
        _tell(refused=refused.kind, said=str(refused))


def _tell(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
