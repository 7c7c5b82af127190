"""Operations of a cell's matrix products, and products of torch to compare the rate with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fenas_lang.bench.problem import Problem
from fenas_lang.bench.settings import TRAIN
from fenas_lang.plan.schedule import make_plan

LARGE = 1024
"""A product of square matrices of this size is where the peak is measured."""
TRAINING = 3
"""Forward, and backward one product each for the gradients of operand and weight."""


def product_operations(problem: Problem, step: str) -> int:
    """Of all weighted edges over the whole sequence; a product of m·k by k·n is 2·m·k·n.

    Elementwise work is not counted.
    """
    sizes = problem.shape.input_size, problem.shape.hidden_size
    shapes = {p.name: p.sizes(*sizes) for p in problem.dataflow.parameters}
    edges = (shapes[str(n.attribute)] for n in problem.graph.nodes if n.op == "linear")
    once = sum(2 * rows * columns for rows, columns in edges)
    passes = TRAINING if step == TRAIN else 1
    return once * problem.shape.time * problem.shape.batch * passes


def large_product(problem: Problem) -> tuple[Callable[[], Tensor], int]:
    """A product that runs at the machine's peak, and its operations."""
    return _product(problem, LARGE, LARGE, LARGE)


def matching_product(problem: Problem) -> tuple[Callable[[], Tensor], int]:
    """A product of the size of the widest in the cell's time step, and its operations."""
    products = (p for level in make_plan(problem.graph).loop for p in level.products)
    widest = max((len(product.columns) for product in products), default=1)
    size = problem.shape.hidden_size
    return _product(problem, problem.shape.batch, size, widest * size)


def _product(problem: Problem, m: int, k: int, n: int) -> tuple[Callable[[], Tensor], int]:
    made = torch.Generator().manual_seed(problem.settings.seed)
    left = torch.rand(m, k, generator=made, dtype=problem.x.dtype)
    right = torch.rand(k, n, generator=made, dtype=problem.x.dtype)
    result = left.new_empty(m, n)
    return (lambda: torch.mm(left, right, out=result)), 2 * m * k * n
