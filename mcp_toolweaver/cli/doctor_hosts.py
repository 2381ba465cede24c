"""The doctor on the hosts of this machine: their files, their servers, and whether we are among them."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.host_files.hosts import HOSTS, Machine
from mcp_toolweaver.host_files.reading import read_file


def host_rows(machine: Machine) -> Iterator[Row]:
    """Say what each host has that is here."""
    for host in HOSTS:
        for file in machine.files(host):
            reading = read_file(host, file)
            ours = [each for each in reading.found if each.is_ours]
            others = len(reading.found) - len(ours)
            finding = f"{file}: {_connected(connected=bool(ours))}, {others} other server{'' if others == 1 else 's'}"
            if reading.problems:
                told = f"{file}: {reading.problems[0]}"
                yield Row("hosts", host.title, told, "warning", f"correct {file}; {host.title} may not read it either")
            else:
                yield Row("hosts", host.title, finding)


def _connected(*, connected: bool) -> str:
    return "Toolweaver is in it" if connected else "Toolweaver is not in it"
