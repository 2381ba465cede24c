"""The runtimes of one model, each of which loads itself when it is its turn."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.graphs import whole
from mcp_toolweaver.embeddings.identity import Identity
from mcp_toolweaver.embeddings.lazy import LazyRuntime
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.plan import Plan, Step
from mcp_toolweaver.embeddings.selfcheck import COMPARABLE, SAME_SPACE, proven
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
        self._ready = ready
        self._models = models
        self._by_torch: dict[str, TorchRuntime] = {}
        self._loading = anyio.Lock()

    def queries(self, plan: Plan, precision: Precision) -> list[Runtime]:
        """Return what may embed queries, best first: the precision that is wanted, then in full."""
        wanted: list[Precision] = ["int8", "fp32"] if precision == "int8" else ["fp32"]
        return [
            rung
            for step in plan.queries
            for rung in (
                [self._onnx(one, threads=plan.query_threads) for one in wanted]
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

    def _onnx(
        self, precision: Precision, *, threads: int = 1, workers: int = 1, turns: Turns | None = None
    ) -> Runtime | None:
        if self._ready is None:
            return None
        ready = self._ready

        async def load() -> Runtime:
            names = (_GRAPHS[precision], manifest.TOKENIZER)
            folder = await whole(self._models, self.identity, names)
            module = await run_in_thread(import_module, "mcp_toolweaver.embeddings.onnx_runtime.runtime")

            def opened() -> Runtime:
                graph, tokenizer = (folder / name for name in names)
                runtime: Runtime = module.load(
                    graph, tokenizer, ready.recipe, precision, threads=threads, workers=workers, turns=turns
                )
                return runtime

            return await proven(await run_in_thread(opened), ready, _LEAST[precision])

        idle = None if turns is None else _IDLE
        return LazyRuntime(f"ONNX Runtime, {precision}, on the CPU", load, idle=idle)

    def _torch(self, step: Step, threads: int, *, is_for_queries: bool) -> Sequence[Runtime]:
        weights = self.identity.weights
        if weights is None:
            return []

        async def load() -> Runtime:
            runtime = await self._loaded(step.device, threads, weights)
            return runtime.for_queries() if is_for_queries else runtime

        return [LazyRuntime(str(step), load)]

    async def _loaded(self, device: str, threads: int, weights: Weights) -> TorchRuntime:
        """Return the model on a device, in memory once for all."""
        async with self._loading:
            if device not in self._by_torch:
                await run_in_thread(verify, weights)
                module = await run_in_thread(import_module, "mcp_toolweaver.embeddings.torch_runtime.runtime")
                folder = str(weights.folder)
                runtime: TorchRuntime = await module.load(folder, device=device, turns=self.turns, threads=threads)
                if self._ready is not None:
                    await proven(runtime, self._ready, SAME_SPACE)
                self._by_torch[device] = runtime
            return self._by_torch[device]
