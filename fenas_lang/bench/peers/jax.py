"""jax: `lax.scan` and `jit` of the same plan, its products hoisted and fused as in the engine."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Iterator
from typing import Any

from fenas_lang.bench.peers._jax_plan import plan_function
from fenas_lang.bench.problem import Candidate, Problem, Unavailable, Values
from fenas_lang.bench.settings import INFERENCE, TRAIN
from fenas_lang.plan.schedule import make_plan


def candidate(problem: Problem) -> Candidate:
    """Compiled for the steps that will be timed.  Raises Unavailable."""
    jax = _jax(problem)
    states = tuple(jax.numpy.asarray(state.numpy()) for state in problem.states())
    run = plan_function(make_plan(problem.graph), states)
    x, whole, early = (
        jax.numpy.asarray(t.numpy()) for t in (problem.x, problem.cotangent, problem.early)
    )
    edges = {name: jax.numpy.asarray(edge.numpy()) for name, edge in problem.edges.items()}

    def differentiated(edges: dict[str, Any], x: Any, cotangent: Any) -> tuple[Any, ...]:
        output, pull = jax.vjp(run, edges, x)
        of_edges, of_x = pull(cotangent)
        return output, of_x, of_edges

    forward, backward = jax.jit(run), jax.jit(differentiated)

    def inference() -> Values:
        return (jax.block_until_ready(forward(edges, x)),)

    def training(early_steps: bool) -> Values:
        cotangent = early if early_steps else whole
        return tuple(jax.block_until_ready(backward(edges, x, cotangent))[:2])

    begun = time.perf_counter()
    if INFERENCE in problem.settings.steps:
        inference()
    if TRAIN in problem.settings.steps:
        training(False)
    return Candidate("jax", inference, training, seconds=time.perf_counter() - begun)


def _jax(problem: Problem) -> Any:
    try:
        with _cores(problem.settings.threads):
            jax = importlib.import_module("jax")
            importlib.import_module("jax.numpy")
            jax.config.update("jax_platforms", "cpu")
            jax.config.update("jax_enable_x64", True)
            jax.devices("cpu")
    except ImportError as error:
        raise Unavailable(f"{error.name or 'jax'} is not installed") from error
    return jax


@contextlib.contextmanager
def _cores(threads: int) -> Iterator[None]:
    """As many cores as threads: the pool of jax, made at its first use, has one for each core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:threads])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
