"""The processes that descend from one of our children, told by a variable that they inherit; and their guard.

Run as a program, it is the guard: it reads on stdin which children there are, and ends them and all that descends
from them when stdin closes, which it does when the parent dies of whatever cause. It needs the standard library
alone and imports little of it, so that it stays small.

Where there is no ``/proc`` (macOS), descendants that left the group of a child are not found.
"""

import os
import select
import signal
import time

VARIABLE = "TOOLWEAVER_CHILD"
"""Carries the mark: a random text for each child, so that no process is ever mistaken for another."""

_PARENT_SECONDS = 2.0
"""How often the guard looks for its parent, whose end of the pipe a stranger may have inherited."""
_TERM_SECONDS = 1.0
_KILL_SECONDS = 3.0
_PAUSE = 0.05
_START_TIME = 19
"""The field of ``/proc/PID/stat`` behind the command's name that says when the process started."""


def find() -> dict[str, list[int]]:
    """Return the processes of each mark, this one left out; zombies are not among them. Takes some milliseconds."""
    found: dict[str, list[int]] = {}
    for entry in _entries():
        mark = _mark(int(entry))
        if mark and int(entry) != os.getpid():
            found.setdefault(mark, []).append(int(entry))
    return found


def send(pid: int, mark: str, number: int) -> bool:
    """Send a signal to a process if it carries the mark, however often its number was given anew; say whether."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # an old kernel
        return _mark(pid) == mark and _kill(pid, number)
    try:
        if _mark(pid) != mark:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def signal_group(group: int, number: int) -> bool:
    """Send a signal to all of a group; say whether there was any process in it that could be signalled."""
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True


def started(pid: int) -> str:
    """Return when a process started, which with its number says which process it is; nothing if that is not known."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  pathlib would double the guard's size
            return file.read().rpartition(b")")[2].split()[_START_TIME].decode()
    except (OSError, IndexError):
        return ""


def _entries() -> list[str]:
    try:
        return [entry for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208  see started()
    except OSError:
        return []


def _mark(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123  see started()
            environ = b"\0" + file.read()
    except OSError:
        return ""
    _before, is_there, rest = environ.partition(f"\0{VARIABLE}=".encode())
    return rest.partition(b"\0")[0].decode("ascii", "replace") if is_there else ""


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


class _Guarded:
    """The children that the guard was told of."""

    def __init__(self) -> None:
        self.groups: dict[str, tuple[int, str]] = {}
        """By mark: the group, which has the number of its leader, and when that started; 0 before it is known."""

    def tell(self, line: str) -> None:
        """Take ``+ MARK GROUP`` or ``- MARK``."""
        what, mark, *group = line.split(" ")
        if what == "-":
            self.groups.pop(mark, None)
        else:
            leader = int(group[0])
            self.groups[mark] = (leader, started(leader) if leader else "")

    def end(self) -> None:
        """End all of them: asked first, then killed."""
        for number, seconds in ((signal.SIGTERM, _TERM_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
            deadline, sent = time.monotonic() + seconds, set[int]()
            while time.monotonic() < deadline:
                if not self._signal(number, sent):
                    return
                time.sleep(_PAUSE)

    def _signal(self, number: int, sent: set[int]) -> bool:
        """Signal whoever is there, and with SIGTERM nobody twice; say whether anyone was."""
        found, is_any = find(), False
        is_once = number == signal.SIGTERM
        for mark, (group, start) in self.groups.items():
            pids = found.get(mark, [])
            is_ours = group and (started(group) == start or any(_group(pid) == group for pid in pids))
            if is_ours:
                is_any |= signal_group(group, 0 if is_once and group in sent else number)
                sent.add(group)
            for pid in pids:
                is_any = True
                if not (is_once and (pid in sent or _group(pid) == group)):
                    send(pid, mark, number)
                    sent.add(pid)
        return is_any


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def main() -> None:
    """Guard the children that stdin names until it closes."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    guarded, rest, parent = _Guarded(), b"", os.getppid()
    while os.getppid() == parent:
        if not select.select([0], [], [], _PARENT_SECONDS)[0]:
            continue
        chunk = os.read(0, 65_536)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            guarded.tell(line.decode())
    guarded.end()
    os._exit(0)


if __name__ == "__main__":
    main()
