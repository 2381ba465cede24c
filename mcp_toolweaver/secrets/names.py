"""Which secrets of ours the keyring holds: keyrings cannot say, so their names are kept in a file, and nothing else."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from filelock import FileLock

from mcp_toolweaver.core.json_values import is_array

FILE = "secrets.json"
SERVICE = "toolweaver"
"""What our secrets are filed under, unless their owner says otherwise."""

_LOCK_SECONDS = 10.0


class SecretNames:
    """Pairs of a service and a name, in the folder for data; any method raises `OSError` where it cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def all(self) -> list[tuple[str, str]]:
        """Return them in order; none if the file is damaged, as it only repeats what the keyring knows."""
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        pairs = entries if is_array(entries) else []
        return sorted((str(each[0]), str(each[1])) for each in pairs if is_array(each) and len(each) == 2)  # noqa: PLR2004

    def add(self, service: str, name: str) -> None:
        """Note one more."""
        self._change({(service, name)}, set())

    def remove(self, service: str, name: str) -> None:
        """Forget one."""
        self._change(set(), {(service, name)})

    def _change(self, more: set[tuple[str, str]], less: set[tuple[str, str]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._path.with_suffix(".lock"), mode=0o600).acquire(timeout=_LOCK_SECONDS):
            pairs = sorted((set(self.all()) | more) - less)
            whole = self._path.with_name(f"{FILE}.{secrets.token_hex(8)}")
            with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  with a mode
                json.dump(pairs, file)
            whole.replace(self._path)
