"""What will run where, for any machine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.embeddings.device import Device
from mcp_toolweaver.embeddings.installed import LIBRARIES, Installed
from mcp_toolweaver.embeddings.plan import Plan, Step, count_threads, make_plan

CPU = Device("cpu", 0, "Old Faithful", cores=8)
BIG = Device("cuda", 0, "NVIDIA H200", 150754820096, "13.0")
SMALL = Device("cuda", 1, "NVIDIA T4", 16 << 30, "13.0")
MAC = Device("mps", 0, "GPU of Apple M3", 16 << 30)

ONNX = {"onnxruntime": "1.31.0", "tokenizers": "0.23.3"}
TORCH = {"torch": "2.13.0", "sentence_transformers": "6.2.0"}
CUDA = Installed({**ONNX, **TORCH}, torch_cuda="13.0")
PLAIN = Installed({**ONNX, **TORCH})


def steps(given: Sequence[Step]) -> list[str]:
    return [str(step) for step in given]


def only_note(plan: Plan) -> str:
    (note,) = plan.notes
    return str(note)


def test_tools_go_to_the_gpu_and_queries_to_onnx_runtime() -> None:
    plan = make_plan("auto", [BIG, SMALL, CPU], CUDA)
    assert steps(plan.documents) == ["torch on cuda:0", "ONNX Runtime on the CPU", "torch on the CPU"]
    assert steps(plan.queries) == ["ONNX Runtime on the CPU", "torch on cuda:0", "torch on the CPU"]
    assert plan.notes == ()
    assert str(plan) == "tools: torch on cuda:0; queries: ONNX Runtime on the CPU"


@pytest.mark.parametrize(
    ("setting", "first"),
    [
        ("auto", "cuda:0"),
        ("cuda", "cuda:0"),
        ("cuda:0", "cuda:0"),
        ("cuda:1", "cuda:1"),
        ("cpu", "cpu"),
    ],
)
def test_the_setting_chooses_among_what_is_there(setting: str, first: str) -> None:
    plan = make_plan(setting, [BIG, SMALL, CPU], CUDA)
    assert (plan.documents[0].device, plan.notes) == (first, ())


def test_a_mac_needs_no_build_for_cuda() -> None:
    assert make_plan("auto", [MAC, CPU], PLAIN).documents[0] == Step("torch", "mps")
    assert make_plan("mps", [MAC, CPU], PLAIN).documents[0] == Step("torch", "mps")


@pytest.mark.parametrize("setting", ["cuda:7", "cuda", "mps"])
def test_a_forced_device_that_is_missing_is_said_and_the_cpu_used(setting: str) -> None:
    plan = make_plan(setting, [CPU], CUDA)
    assert steps(plan.documents) == ["ONNX Runtime on the CPU", "torch on the CPU"]
    assert only_note(plan) == (
        f"the device {setting} is not there, so the CPU is used; set embedding.device to auto or cpu"
    )
    assert plan.notes[0].is_against_wish


def test_a_forced_device_that_is_missing_is_said_with_those_that_are_there() -> None:
    plan = make_plan("cuda:7", [BIG, SMALL, CPU], CUDA)
    assert plan.documents[0].device == "cpu"
    assert "one of auto, cuda:0, cuda:1, cpu" in only_note(plan)


@pytest.mark.parametrize(
    ("installed", "why", "advice"),
    [
        (Installed(ONNX), "torch is not installed", "pip install 'mcp-toolweaver[embeddings]'"),
        (Installed({**ONNX, "torch": "2.13.0"}, "13.0"), "sentence-transformers is not installed", "pip install"),
        (PLAIN, "torch 2.13.0 is built for the CPU alone", "for CUDA 13.0 or older, with --force-reinstall added"),
        (Installed({**ONNX, **TORCH}, torch_hip="7.2"), "built for AMD's GPUs", "with --force-reinstall added"),
        (
            Installed({**ONNX, **TORCH}, torch_cuda="14.1"),
            "needs a driver for CUDA 14.1, and this one is for 13.0",
            "update NVIDIA's driver, or run the command",
        ),
    ],
    ids=["no torch", "no sentence-transformers", "CPU", "ROCm", "old driver"],
)
@pytest.mark.parametrize("setting", ["auto", "cuda"])
def test_a_gpu_that_cannot_be_used_is_said_once_with_what_would_use_it(
    setting: str, installed: Installed, why: str, advice: str
) -> None:
    plan = make_plan(setting, [BIG, SMALL, CPU], installed)
    assert plan.documents[0] == Step("onnx", "cpu")
    assert only_note(plan).startswith("cuda:0 (NVIDIA H200) is not used: ")
    assert why in plan.notes[0].finding
    assert advice in plan.notes[0].advice
    assert plan.notes[0].is_against_wish == (setting == "cuda")


@pytest.mark.parametrize(
    ("driver", "built_for", "device"),
    [
        ("13.0", "13.2", "cuda:0"),
        ("13.0", "12.8", "cuda:0"),
        ("12.8", "13.0", "cpu"),
        (None, "13.0", "cuda:0"),
        ("?", "x", "cuda:0"),
    ],
)
def test_a_driver_serves_every_torch_of_its_generation_and_older_ones(
    driver: str | None, built_for: str, device: str
) -> None:
    plan = make_plan("auto", [Device("cuda", 0, "GPU", None, driver), CPU], Installed(TORCH, built_for))
    assert plan.documents[0].device == device


def test_a_gpu_that_is_not_wanted_is_not_mentioned() -> None:
    assert make_plan("cpu", [BIG, CPU], Installed(ONNX)).notes == ()


def test_without_onnx_runtime_torch_embeds_all_and_that_is_said() -> None:
    plan = make_plan("auto", [CPU], Installed(TORCH))
    assert (steps(plan.documents), steps(plan.queries)) == (["torch on the CPU"], ["torch on the CPU"])
    assert "several times slower" in only_note(plan)
    on_a_gpu = make_plan("auto", [BIG, CPU], Installed(TORCH, "13.0"))
    assert steps(on_a_gpu.queries) == ["torch on cuda:0", "torch on the CPU"]


def test_without_any_library_search_is_by_words_alone_and_that_is_said() -> None:
    plan = make_plan("auto", [CPU], Installed())
    assert (plan.documents, plan.queries, str(plan)) == ((), (), "search by words alone")
    assert "pip install" in only_note(plan)


@pytest.mark.parametrize(
    ("setting", "cores", "threads"),
    [(None, 1, 1), (None, 2, 2), (None, 3, 2), (None, 4, 2), (None, 8, 4), (None, 64, 32), (3, 8, 3), (99, 8, 8)],
)
def test_a_model_gets_half_of_the_cores_or_what_is_set(setting: int | None, cores: int, threads: int) -> None:
    assert count_threads(setting, cores) == threads


def test_one_query_gets_at_most_four_threads() -> None:
    plan = make_plan("auto", [Device("cpu", 0, "Many", cores=64)], CUDA)
    assert (plan.threads, plan.query_threads) == (32, 4)
    assert make_plan("auto", [CPU], CUDA, threads=3).query_threads == 3


TEXTS = st.one_of(st.none(), st.just("13.0"), st.just("12.8"), st.text(max_size=5))
DEVICES = st.builds(
    Device,
    st.sampled_from(["cuda", "mps", "cpu"]),
    st.integers(0, 3),
    st.text(max_size=5),
    st.one_of(st.none(), st.integers(0)),
    TEXTS,
    st.one_of(st.none(), st.integers(0, 300)),
)
INSTALLED = st.builds(
    Installed, st.dictionaries(st.sampled_from(sorted(LIBRARIES)), st.just("1.0")), torch_cuda=TEXTS, torch_hip=TEXTS
)
SETTINGS = st.one_of(st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:2"]), st.text(max_size=6))


@given(SETTINGS, st.lists(DEVICES, max_size=4), INSTALLED, st.one_of(st.none(), st.integers(1, 1000)))
def test_any_machine_has_a_plan_that_it_can_carry_out(
    setting: str, devices: list[Device], installed: Installed, threads: int | None
) -> None:
    plan = make_plan(setting, devices, installed, threads=threads)
    labels = {device.label for device in devices} | {"cpu"}
    able = {"onnx": installed.runs_onnx, "torch": installed.runs_torch}
    for ladder in (plan.documents, plan.queries):
        assert len(set(ladder)) == len(ladder)
        assert all(able[step.runtime] and step.device in labels for step in ladder)
        assert bool(ladder) == any(able.values())
        assert not ladder or ladder[-1].device == "cpu"
    assert set(plan.documents) == set(plan.queries)
    assert 1 <= plan.query_threads <= min(4, plan.threads)
    if setting in {"cpu", *labels}:
        assert {step.device for step in plan.documents} <= {setting, "cpu"}
    assert all(note.finding and note.advice for note in plan.notes)
