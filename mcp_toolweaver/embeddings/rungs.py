"""The runtimes of one model, each of which loads itself when it is its turn."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.graphs import whole
from mcp_toolweaver.embeddings.identity import Identity
from mcp_toolweaver.embeddings.lazy import LazyRuntime
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.plan import Plan, Step
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.selfcheck import COMPARABLE, SAME_SPACE, proven
from mcp_toolweaver.embeddings.torch_runtime.failures import first_line
from mcp_toolweaver.embeddings.turns import Turns
from mcp_toolweaver.embeddings.weights import verify

if TYPE_CHECKING:
    from mcp_toolweaver.embeddings.runtime import Runtime
    from mcp_toolweaver.embeddings.spaces import Precision
    from mcp_toolweaver.embeddings.torch_runtime.runtime import TorchRuntime
    from mcp_toolweaver.embeddings.weights import Weights

_GRAPHS: dict[Precision, str] = {"int8": manifest.SMALL, "fp32": manifest.FULL}
_LEAST: dict[Precision, float] = {"int8": COMPARABLE, "fp32": SAME_SPACE}

_IDLE = 60.0
"""Seconds without a document after which its graph, of a hundred megabytes or two, leaves the memory."""


class Rungs:
    """What may run one model."""

    def __init__(self, identity: Identity, ready: Manifest | None, models: Path, turns: Turns) -> None:
        """Run the model ``identity``.

        Args:
            identity: A model on this machine.
            ready: What is in the model cache; None where ONNX Runtime cannot run the model.
            models: The folder of the model cache.
            turns: Holds documents back while a query is embedded.
        """
        self.identity = identity
        self.turns = turns
        self.patience: float | None = None
        """How many seconds a query waits for a runtime that is being opened; None for as long as it takes."""
        self._ready = ready
        self._models = models
        self._by_torch: dict[str, TorchRuntime] = {}
        self._loading = anyio.Lock()
        self._mending = anyio.Lock()

    def lacks(self, precision: Precision) -> str | None:
        """Return why ONNX Runtime cannot run the model in a precision, which no later try would change."""
        return self._ready.lacking or None if self._ready is not None and precision == "int8" else None

    def queries(self, plan: Plan, precision: Precision) -> list[Runtime]:
        """Return what may embed queries, best first: the precision that is wanted, then in full."""
        wanted: list[Precision] = ["int8", "fp32"] if precision == "int8" else ["fp32"]
        return [
            rung
            for step in plan.queries
            for rung in (
                [self._onnx(one, workers=plan.query_threads) for one in wanted]
                if step.runtime == "onnx"
                else self._torch(step, plan.threads, is_for_queries=True)
            )
            if rung is not None
        ]

    def documents(self, plan: Plan, precision: Precision) -> list[Runtime]:
        """Return what may embed documents, best first; all of them into one space."""
        rungs: list[Runtime | None] = []
        for step in plan.documents:
            if step.runtime == "onnx":
                rungs.append(self._onnx(precision, workers=plan.threads, turns=self.turns))
            elif precision == "fp32":
                rungs += self._torch(step, plan.threads, is_for_queries=False)
        return [rung for rung in rungs if rung is not None]

    def _onnx(self, precision: Precision, *, workers: int, turns: Turns | None = None) -> Runtime | None:
        if self._ready is None:
            return None
        ready = self._ready

        async def load() -> Runtime:
            if reason := self.lacks(precision):
                raise Unavailable(PART, reason)
            graph, tokenizer = await self._files(precision)
            module = await _imported("onnx_runtime.runtime", "ONNX Runtime")

            def opened() -> Runtime:
                runtime: Runtime = module.load(graph, tokenizer, ready.recipe, precision, workers=workers, turns=turns)
                return runtime

            return await proven(await run_in_thread(opened), ready, _LEAST[precision])

        label = f"ONNX Runtime, {precision}, on the CPU"
        if turns is None:
            return LazyRuntime(label, load, patience=lambda: self.patience)
        return LazyRuntime(label, load, idle=_IDLE)

    async def _files(self, precision: Precision) -> tuple[Path, Path]:
        """Return a graph and the tokenizer, made again if they are damaged, once for all who need them."""
        names = (_GRAPHS[precision], manifest.TOKENIZER)
        async with self._mending:
            folder = await whole(self._models, self.identity, names)
        return folder / names[0], folder / names[1]

    def _torch(self, step: Step, threads: int, *, is_for_queries: bool) -> Sequence[Runtime]:
        weights = self.identity.weights
        if weights is None:
            return []

        async def load() -> Runtime:
            runtime = await self._loaded(step.device, threads, weights)
            return runtime.for_queries() if is_for_queries else runtime

        return [LazyRuntime(str(step), load, patience=lambda: self.patience if is_for_queries else None)]

    async def _loaded(self, device: str, threads: int, weights: Weights) -> TorchRuntime:
        """Return the model on a device, in memory once for all."""
        async with self._loading:
            if device not in self._by_torch:
                await run_in_thread(verify, weights)
                module = await _imported("torch_runtime.runtime", "torch")
                folder = str(weights.folder)
                runtime: TorchRuntime = await module.load(folder, device=device, turns=self.turns, threads=threads)
                if self._ready is not None:
                    await proven(runtime, self._ready, SAME_SPACE)
                self._by_torch[device] = runtime
            return self._by_torch[device]


async def _imported(module: str, library: str) -> Any:
    """Import a module of ours that needs a library, which may be there and broken.

    Raises:
        Unavailable: it cannot be imported.
    """
    try:
        return await run_in_thread(import_module, f"mcp_toolweaver.embeddings.{module}")
    except Exception as error:  # built for another numpy, or a library of the system that is missing
        raise Unavailable(PART, f"{library} cannot be imported: {first_line(error)}; install it anew") from error
