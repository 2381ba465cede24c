"""What a machine without NVIDIA has, and how much of its CPU is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_toolweaver.embeddings.cpu import processor_name, usable_cores
from mcp_toolweaver.embeddings.device import Machine, survey

ALLOWED = 8


def write(root: Path, **files: str) -> None:
    """Write files below ``root``; two underscores in a name are a slash, DOT is a dot."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_cpu_is_always_there_and_the_last() -> None:
    cpu = survey().devices[-1]
    assert (cpu.kind, cpu.label) == ("cpu", "cpu")
    assert cpu.name
    assert cpu.cores is not None
    assert 1 <= cpu.cores <= (os.cpu_count() or 1)


def test_a_machine_that_tells_nothing_has_a_cpu() -> None:
    found = survey(Machine("plan9", "mips", Path("/no/such/folder")))
    assert ([(device.kind, device.name) for device in found.devices], found.faults) == ([("cpu", "mips")], ())


@pytest.mark.parametrize(
    ("system", "processor", "kinds"),
    [
        ("darwin", "arm64", ["mps", "cpu"]),
        ("darwin", "x86_64", ["cpu"]),
        ("linux", "arm64", ["cpu"]),
        ("win32", "ARM64", ["cpu"]),
    ],
)
def test_apple_silicon_has_a_gpu_that_shares_its_memory(
    tmp_path: Path, system: str, processor: str, kinds: list[str]
) -> None:
    devices = survey(Machine(system, processor, tmp_path)).devices
    assert [device.label for device in devices] == kinds
    assert devices[0].memory == devices[-1].memory


def test_the_processor_is_called_what_linux_calls_it(tmp_path: Path) -> None:
    write(tmp_path, proc__cpuinfo="processor\t: 0\nmodel name\t: Fast: 9000\nmodel name\t: Fast: 9000\n")
    assert processor_name(tmp_path) == "Fast: 9000"
    assert survey(Machine("linux", "x86_64", tmp_path)).devices[-1].name == "Fast: 9000"


def test_the_processor_is_called_what_windows_calls_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "Intel64 Family 6")
    assert survey(Machine("win32", "AMD64", tmp_path)).devices[-1].name == "Intel64 Family 6"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, ALLOWED),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "max 100000\n"}, ALLOWED),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "150000 100000\n"}, 2),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "10000 100000\n"}, 1),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "9900000 100000\n"}, ALLOWED),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "nonsense\n"}, ALLOWED),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpuDOTmax": "200000 0\n"}, ALLOWED),
        ({"proc__self__cgroup": "nonsense\n\n::\n"}, ALLOWED),
        (
            {
                "proc__self__cgroup": "0::/team/us\n",
                "sys__fs__cgroup__team__us__cpuDOTmax": "max 100000\n",
                "sys__fs__cgroup__team__cpuDOTmax": "300000 100000\n",
            },
            3,
        ),
        (
            {
                "proc__self__cgroup": "3:cpu,cpuacct:/docker/abc\n2:pids:/\n",
                "sys__fs__cgroup__cpu,cpuacct__cpuDOTcfs_quota_us": "400000\n",
                "sys__fs__cgroup__cpu,cpuacct__cpuDOTcfs_period_us": "100000\n",
            },
            4,
        ),
        (
            {
                "proc__self__cgroup": "1:cpu:/\n",
                "sys__fs__cgroup__cpu__cpuDOTcfs_quota_us": "-1\n",
                "sys__fs__cgroup__cpu__cpuDOTcfs_period_us": "100000\n",
            },
            ALLOWED,
        ),
    ],
)
def test_quotas_of_control_groups_count_as_fewer_cores(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    write(tmp_path, **files)
    assert usable_cores(tmp_path, ALLOWED) == cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
def test_a_process_bound_to_one_core_has_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n"
        "from mcp_toolweaver.embeddings.device import survey\n"
        "print(survey().devices[-1].cores)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_looking_imports_no_library_that_embeds() -> None:
    code = (
        "import sys\n"
        "from mcp_toolweaver.embeddings.device import survey\n"
        "from mcp_toolweaver.embeddings.installed import LIBRARIES, find_installed\n"
        "from mcp_toolweaver.embeddings.plan import make_plan\n"
        "make_plan('auto', survey().devices, find_installed())\n"
        "print(*[name for name in (*LIBRARIES, 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
