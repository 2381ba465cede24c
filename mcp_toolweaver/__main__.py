"""``toolweaver`` and ``python -m mcp_toolweaver``."""

from __future__ import annotations

from mcp_toolweaver.cli.main import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
