"""What a host's file was before Toolweaver was put into it: kept until it is taken out again."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mcp_toolweaver.host_files.parsing import Unreadable
from mcp_toolweaver.host_files.writing import write_whole

_FOLDER = "hosts"


class Record(BaseModel):
    """One file that Toolweaver was put into."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    file: str
    existed: bool
    """Whether there was a file at all."""
    backup: str
    """The name of the copy, beside the record."""
    before: str
    after: str
    """SHA-256 of the file as it was, and as we left it."""


@dataclass(frozen=True, slots=True)
class Backups:
    """Copies of files, below the folder for data; they may hold secrets, so that they are for their owner alone."""

    data_dir: Path

    def keep(self, host: str, file: Path, before: bytes | None, after: bytes) -> Record:
        """Keep what a file was; of a file that is changed again, what it was first is kept beside it.

        Raises:
            OSError: it cannot be written.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S")
        copy = self._folder / f"{host}-{_key(file)}-{stamp}.before"
        write_whole(copy, before or b"")
        record = Record(
            host=host,
            file=str(file.absolute()),
            existed=before is not None,
            backup=copy.name,
            before=digest(before or b""),
            after=digest(after),
        )
        write_whole(self._record(file), record.model_dump_json(indent=2).encode())
        return record

    def of(self, file: Path) -> tuple[Record, bytes] | None:
        """Return the record of a file and what it was; None if Toolweaver was not put into it.

        Raises:
            Unreadable: the record is damaged, or the copy is gone or not what it was.
        """
        path = self._record(file)
        if not path.exists():
            return None
        try:
            record = Record.model_validate_json(path.read_bytes())
            before = (self._folder / Path(record.backup).name).read_bytes()
        except (OSError, ValidationError) as error:
            raise Unreadable(f"{path}: what it was before is not known any more ({type(error).__name__})") from error
        if digest(before) != record.before:
            raise Unreadable(f"{self._folder / record.backup}: is not the copy that was made")
        return record, before

    def forget(self, file: Path) -> None:
        """Forget a file that was restored; the copy stays."""
        self._record(file).unlink(missing_ok=True)

    @property
    def _folder(self) -> Path:
        return self.data_dir / _FOLDER

    def _record(self, file: Path) -> Path:
        return self._folder / f"{_key(file)}.json"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def _key(file: Path) -> str:
    return hashlib.sha256(str(file.absolute()).encode(errors="replace")).hexdigest()[:12]
