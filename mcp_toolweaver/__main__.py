"""``toolweaver`` and ``python -m mcp_toolweaver``."""

from __future__ import annotations

import os

from mcp_toolweaver.cli.main import app


def main() -> None:
    """Run the command line.

    Matrices are multiplied by one thread: questions are many and small, and on a busy machine threads that
    wait for each other make an index in memory twenty times slower.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    app()


if __name__ == "__main__":
    main()
