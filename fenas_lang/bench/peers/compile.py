"""`torch.compile` of the plan as torch operations: of its step, and of the loop where it is short.

Both have their products hoisted and fused already, as the compiler would do neither.  The faster
one counts, for training and inference each; the time to compile both is given apart.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from fenas_lang.bench.problem import Candidate, Problem, Unavailable, torch_candidate
from fenas_lang.bench.settings import INFERENCE, TRAIN
from fenas_lang.emit.torch_sweep import sweep
from fenas_lang.engine.compiled import CompiledLayer

LONGEST_LOOP = 50
"""A loop is unrolled to be compiled, which takes a time that grows faster than its length."""
TRIALS = 5


Variant = tuple[str, Callable[[CompiledLayer, Tensor], Tensor]]
"""A name, and the output of a layer for x."""


def candidate(problem: Problem) -> Candidate:
    """The faster of the compiled step and the compiled loop.  Raises Unavailable."""
    if shutil.which("c++") is None and shutil.which("g++") is None:
        raise Unavailable("torch.compile needs a C++ compiler, and there is none")
    torch._dynamo.reset()
    begun = time.perf_counter()
    try:
        built = {name: _built(name, problem, forward) for name, forward in _variants(problem)}
    except Exception as error:
        raise Unavailable(f"torch.compile failed: {str(error).splitlines()[0]}") from error
    seconds = time.perf_counter() - begun
    best = {step: _fastest(built, step) for step in problem.settings.steps}
    note = ", ".join(f"{step}: the {name}" for step, name in best.items())
    return Candidate(
        "compile",
        built[best.get(INFERENCE, "step")].inference,
        built[best.get(TRAIN, "step")].training,
        seconds=seconds,
        note=note,
    )


def _variants(problem: Problem) -> list[Variant]:
    optimised: Any = partial(torch.compile, dynamic=False)
    states, shape = problem.states(), problem.shape

    def run(wrap: Callable[[Any], Any], layer: CompiledLayer, x: Tensor) -> Tensor:
        prepared, step = layer.prepare(x.flatten(0, 1), partial(layer._stack, ""))
        rows = sweep(prepared, wrap(step), [shape.batch] * shape.time, states)[0]
        return rows.view(shape.time, shape.batch, shape.hidden_size)

    found: list[Variant] = [("step", partial(run, optimised))]
    if shape.time <= LONGEST_LOOP:
        found.append(("loop", optimised(partial(run, lambda step: step))))
    return found


def _built(
    name: str, problem: Problem, forward: Callable[[CompiledLayer, Tensor], Tensor]
) -> Candidate:
    """A candidate that has run each step that will be timed once, so that all is compiled."""
    layer = problem.layer()
    made = torch_candidate(name, problem, partial(forward, layer), list(layer.parameters()))
    with warnings.catch_warnings(), torch._inductor.config.patch(force_disable_caches=True):
        warnings.simplefilter("ignore")
        for step in problem.settings.steps:
            _run(made, step)
    return made


def _fastest(built: dict[str, Candidate], step: str) -> str:
    def seconds(name: str) -> float:
        taken = []
        for _ in range(TRIALS):
            begun = time.perf_counter()
            _run(built[name], step)
            taken.append(time.perf_counter() - begun)
        return min(taken)

    return min(built, key=seconds) if len(built) > 1 else next(iter(built))


def _run(candidate: Candidate, step: str) -> None:
    run = candidate.run(step)
    assert run is not None
    run()
