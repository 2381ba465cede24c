"""GPUs by their driver, as a real library that answers, refuses, crashes or hangs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_toolweaver.embeddings import cuda
from mcp_toolweaver.embeddings.device import Device, Machine, survey

COMPILER = shutil.which("cc") or shutil.which("gcc")

pytestmark = pytest.mark.skipif(COMPILER is None, reason="this machine has no C compiler, which the fake driver needs")

DRIVER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *mood) { const char *given = getenv("FAKE_CUDA"); return given && !strcmp(given, mood); }

int cuInit(unsigned flags) {
    if (is("crash")) abort();
    if (is("silent")) _exit(0);
    if (is("hang")) {
        FILE *file = fopen(getenv("FAKE_CUDA_PID"), "w");
        fprintf(file, "%d", getpid());
        fclose(file);
        for (;;) pause();
    }
    if (is("noise")) { puts("[driver] hello {"); fflush(stdout); }
    return is("refuse") ? 803 : is("hidden") ? 100 : 0;
}
int cuDriverGetVersion(int *version) { *version = 12080; return 0; }
int cuDeviceGetCount(int *count) { *count = is("none") ? 0 : 2; return 0; }
int cuDeviceGet(int *device, int number) { *device = 40 + number; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    snprintf(name, length, device == 40 ? "NVIDIA Big \xff" : "NVIDIA Small");
    return 0;
}
int cuDeviceTotalMem_v2(size_t *memory, int device) {
    *memory = device == 40 ? 150754820096ul : 8ul << 30;
    return is("broken card") && device == 41 ? 999 : 0;
}
#ifndef OLD
int cuGetErrorString(int error, const char **text) {
    *text = error == 803 ? "system has unsupported display driver / cuda driver combination" : NULL;
    return error == 803 ? 0 : 1;
}
#endif
"""
"""Its mood is what ``FAKE_CUDA`` says."""


def built(folder: Path, *options: str) -> str:
    source, library = folder / "driver.c", folder / "libcuda.so.1"
    source.write_text(DRIVER, encoding="utf-8")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", *options, "-o", str(library), str(source)], check=True)
    return str(library)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    return built(tmp_path_factory.mktemp("driver"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a machine with one node of an NVIDIA GPU."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidia0").touch()
    return tmp_path


def machine(root: Path, library: str, *, deadline: float = 60) -> Machine:
    return Machine("linux", "x86_64", root, library, deadline)


def faults(root: Path, library: str, *, deadline: float = 60) -> str:
    """Return why there is no GPU, which there must not be."""
    found = survey(machine(root, library, deadline=deadline))
    assert [device.kind for device in found.devices] == ["cpu"]
    return " | ".join(found.faults)


@pytest.mark.parametrize("mood", ["well", "noise"])
def test_the_gpus_come_first_with_their_names_memory_and_driver(
    root: Path, library: str, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setenv("FAKE_CUDA", mood)
    found = survey(machine(root, library))
    assert found.devices[:2] == (
        Device("cuda", 0, "NVIDIA Big \ufffd", 150754820096, "12.8"),
        Device("cuda", 1, "NVIDIA Small", 8 << 30, "12.8"),
    )
    assert ([device.label for device in found.devices], found.faults) == (["cuda:0", "cuda:1", "cpu"], ())


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        ("refuse", "cuInit failed with error 803: system has unsupported display driver / cuda driver combination"),
        ("broken card", "cuDeviceTotalMem_v2 failed with error 999"),
        ("crash", "the process that asked its driver ended with SIGABRT"),
        ("silent", "its driver says nothing"),
    ],
)
def test_a_broken_driver_is_no_gpu_and_says_why(
    root: Path, library: str, monkeypatch: pytest.MonkeyPatch, mood: str, why: str
) -> None:
    monkeypatch.setenv("FAKE_CUDA", mood)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert faults(root, library) == f"an NVIDIA GPU seems to be there, but {why}"


def test_an_error_that_the_driver_has_no_words_for_is_told_by_its_number(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "refuse")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert faults(root, built(tmp_path, "-DOLD")).endswith("cuInit failed with error 803")


def test_a_driver_that_hangs_is_left_and_its_process_ended(
    root: Path, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "hang")
    monkeypatch.setenv("FAKE_CUDA_PID", str(tmp_path / "pid"))
    assert "did not answer within 2 seconds" in faults(root, library, deadline=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


def test_the_process_that_asks_ends_by_itself_when_nobody_waits_for_it(library: str, tmp_path: Path) -> None:
    env = {**os.environ, "FAKE_CUDA": "hang", "FAKE_CUDA_PID": str(tmp_path / "pid")}
    command = [sys.executable, "-I", "-S", cuda.__file__, library, "1"]
    assert subprocess.run(command, env=env, timeout=60, check=False).returncode == -signal.SIGALRM


def test_gpus_that_the_environment_hides_are_said_to_be_hidden(
    root: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "hidden")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "error 100 (CUDA_VISIBLE_DEVICES is '-1')" in faults(root, library)


def test_a_driver_that_sees_no_gpu_is_nothing_wrong(root: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_CUDA", "none")
    assert faults(root, library) == ""


def test_a_node_without_a_driver_is_said(root: Path) -> None:
    assert "cannot open shared object file" in faults(root, str(root / "libcuda.so.1"))


def test_a_library_that_is_no_driver_is_said(root: Path) -> None:
    (root / "libcuda.so.1").write_bytes(b"not a library")
    assert "an NVIDIA GPU seems to be there, but" in faults(root, str(root / "libcuda.so.1"))


def test_windows_around_us_may_well_have_no_gpu_of_nvidia(tmp_path: Path, library: str) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/dxg").touch()
    assert faults(tmp_path, str(tmp_path / "libcuda.so.1")) == ""
    assert survey(machine(tmp_path, library)).devices[0].name.startswith("NVIDIA Big")


def test_without_a_sign_of_a_gpu_the_driver_is_not_asked(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "crash")
    assert faults(tmp_path, library) == ""


def test_the_driver_is_not_asked_either_where_no_gpu_is_wanted(
    root: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA", "crash")
    found = survey(machine(root, library), gpus=False)
    assert ([device.kind for device in found.devices], found.faults) == (["cpu"], ())


def test_a_python_that_cannot_start_is_said(root: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false") or "/bin/false")
    assert "the process that asked its driver ended with status 1" in faults(root, library)


def test_without_a_python_to_ask_it_there_is_no_gpu(root: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert "no Python that could ask its driver" in faults(root, library)
    monkeypatch.setattr(sys, "executable", str(root / "python"))
    assert "cannot be started: No such file" in faults(root, library)
