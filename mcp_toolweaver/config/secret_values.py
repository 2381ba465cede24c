"""Values that a configuration refers to in place of holding them: in files, and in the keyring of the system."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.keyring_access import KEYRING
from mcp_toolweaver.core.secrecy import keep_secret

_log = logging.getLogger(__name__)
_LARGEST = 64 * 1024


def secret_in_file(path: Path, written: str, problems: Problems) -> str:
    """Return what a file holds, without its last line end; an empty text where there is a problem.

    Args:
        path: The file.
        written: The same as its owner wrote it, for messages.
        problems: Takes why it cannot be had.
    """
    needs = f"needs the file {written}"
    try:
        with path.open("rb") as file:
            content, mode = file.read(_LARGEST + 1), os.fstat(file.fileno()).st_mode
        if sys.platform != "win32" and mode & stat.S_IROTH:
            _log.warning("%s holds a secret, and every user of this machine may read it; run `chmod 600`", path)
        if len(content) > _LARGEST:
            problems.add("", f"{needs}, which is larger than 64 KB", "name a file that holds the value alone")
            return ""
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.add("", f"{needs}, which is not UTF-8", "save it with the encoding UTF-8")
        return ""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a possible file name"
        problems.add("", f"{needs}, which cannot be read ({why})", "create it, or correct its name")
        return ""
    return keep_secret(text.removesuffix("\n").removesuffix("\r"))


def secret_in_keyring(written: str, problems: Problems) -> str:
    """Return the secret of ``SERVICE/NAME``; an empty text where there is a problem, which ``problems`` takes."""
    service, _, name = written.rpartition("/")
    if not service or not name:
        problems.add("", f"needs ${{keyring:{written}}}, which is no SERVICE/NAME", "write ${keyring:toolweaver/NAME}")
        return ""
    needs = f"needs the secret {name} of {service} in the keyring"
    lookup = KEYRING.get()
    try:
        value = lookup(service, name) if lookup is not None else None
    except Unavailable as error:
        problems.add("", f"{needs}, and {error}", "see that it can be opened")
        return ""
    if lookup is None:
        problems.add("", f"{needs}, which is not asked here", "write ${file:PATH} or an environment variable instead")
    elif value is None:
        option = "" if service == "toolweaver" else f" --service {service}"
        problems.add("", f"{needs}, which has none", f"run `toolweaver secret set {name}{option}`")
    return keep_secret(value or "")
