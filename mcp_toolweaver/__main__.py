"""``toolweaver`` and ``python -m mcp_toolweaver``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mcp_toolweaver.server.streams import claim_streams


def main() -> None:
    """Run the command line.

    Where the protocol is to be served on stdout, that is taken for it before anything else is imported, which might
    print. Matrices are multiplied by one thread: questions are many and small, and on a busy machine threads that
    wait for each other make an index in memory twenty times slower.
    """
    if serves_on_stdout(sys.argv[1:]):
        claim_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mcp_toolweaver.cli.main import app  # noqa: PLC0415

    app()


def serves_on_stdout(arguments: Sequence[str]) -> bool:
    """Whether a command line means ``serve`` over stdin and stdout; the command itself decides, and says so too."""
    if arguments[:1] != ["serve"]:
        return False
    others = ("--http", "--transport", "--help", "-h")
    return not any(each == other or each.startswith(f"{other}=") for each in arguments for other in others)


if __name__ == "__main__":
    main()
