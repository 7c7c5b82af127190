"""The native kernel by ctypes: programs as its tables, tensors as its arrays."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fenas_lang.plan.program import CONSTANT, COPY, Array, Operand, Program, Stage

OPERATIONS = (
    *(COPY, "add", "sub", "mul", "neg", "tanh", "sigmoid", "relu", "step"),
    *("exp", "log", "reciprocal", "sin", "cos", "erf"),
)
"""In the order of `enum op`."""

TYPES = (torch.float32, torch.float64)
WIDEST = 64
READ, WRITTEN = 1, 2

BASELINE, AVX2, AVX512 = range(3)
BEST_TESTED = AVX2
"""The instruction set that is used where the machine has it."""


class _Call(ctypes.Structure):
    """`struct call`."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("arrays", "matrices", "products", "instructions")),
        *((name, ctypes.c_void_p) for name in ("accesses", "stages", "parallel")),
        *((f"{name}_count", ctypes.c_int64) for name in ("array", "matrix", "stage")),
        *((f"{name}_count", ctypes.c_int64) for name in ("slot", "access")),
        *((name, ctypes.c_int64) for name in ("time", "batch", "size")),
        *((name, ctypes.c_int64) for name in ("backward", "threads", "poison")),
    ]


@cache
def library() -> ctypes.CDLL | None:
    """The kernel, or None where it was not built."""
    spec = importlib.util.find_spec("fenas_lang.engine._kernel")
    if spec is None or spec.origin is None:
        return None
    try:
        found = ctypes.CDLL(spec.origin)
    except OSError:
        return None
    found.fenas_run.argtypes = [ctypes.POINTER(_Call), ctypes.c_int, ctypes.c_int]
    return found


@cache
def _parallel() -> int | None:
    """`GOMP_parallel` of torch's own OpenMP: a second set of threads would fight with it."""
    home = Path(torch.__file__).parent
    folders = (home / "lib", home.parent / "torch.libs")
    kinds = ("libgomp*", "libiomp5*", "libomp*")
    for path in (path for folder in folders for kind in kinds for path in folder.glob(kind)):
        try:
            entry = ctypes.CDLL(str(path)).GOMP_parallel
        except (OSError, AttributeError):
            continue
        return ctypes.cast(entry, ctypes.c_void_p).value
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array of a program is: at index i of time, `tensor[i]`, or `tensor[i % ring]`.

    The tensor has shape (T, B, H), with stride 1 in the last dimension, and runs backwards in
    memory with `reverse`.  With `first`, a tensor (B, H), that is index 0 and `tensor[0]` index 1.
    A vector (H) is the same in all rows at all times.
    """

    tensor: Tensor
    first: Tensor | None = None
    ring: bool = False
    reverse: bool = False

    def fits(self, time: int, batch: int, size: int) -> bool:
        """Whether the kernel stays within the tensors for a sequence of that shape."""
        tensor, first = self.tensor, self.first
        if tensor.dim() == 1:
            return tensor.shape == (size,) and tensor.is_contiguous()
        if first is not None and not (first.shape == (batch, size) and first.is_contiguous()):
            return False
        enough = self.ring or tensor.shape[0] == time
        return enough and tensor.shape[1:] == (batch, size) and tensor.stride(2) == 1

    def row(self, shift: int) -> tuple[int, int, int, int, int, int, int]:
        """`struct array`."""
        tensor = self.tensor
        if tensor.dim() == 1:
            return (tensor.data_ptr(), 0, 0, 0, 1, 0, 0)
        start, step = tensor.data_ptr(), tensor.stride(0)
        if self.reverse:
            start += (tensor.shape[0] - 1) * step * tensor.element_size()
            step = -step
        first = 0 if self.first is None else self.first.data_ptr()
        ring = tensor.shape[0] if self.ring else 0
        return (start, first, step, tensor.stride(1), 1, shift, ring)


class Routine:
    """A program in the form in which the kernel reads it."""

    def __init__(self, program: Program, backward: bool):
        self.program = program
        self.backward = backward
        self.arrays = program.arrays
        self.matrices = program.matrices
        self._number = {array: k for k, array in enumerate(self.arrays)}
        self._matrix = {matrix: k for k, matrix in enumerate(self.matrices)}
        self._tables()
        self._constants: dict[torch.dtype, dict[Array, Tensor]] = {}

    def _tables(self) -> None:
        products: list[list[int]] = []
        instructions: list[list[int]] = []
        accesses: list[list[int]] = []
        stages: list[list[int]] = []
        most = 0
        for stage in self.program.stages:
            starts = len(products), len(instructions), len(accesses)
            products += [
                [self._matrix[p.matrix], *map(self._operand, (p.source, p.base, p.result))]
                for p in stage.products
            ]
            for i in stage.instructions:
                operands = (i.result, i.operands[0], i.operands[-1])
                instructions.append([OPERATIONS.index(i.op), *map(self._operand, operands)])
            accesses += self._accesses(stage)
            ends = len(products), len(instructions), len(accesses)
            stages.append([n for pair in zip(starts, ends, strict=True) for n in pair])
            most = max(most, ends[2] - starts[2])
        self.most_accesses = most
        tables = (products, instructions, accesses, stages)
        self.tables = [np.array(rows, dtype=np.int32) for rows in tables]

    def _accesses(self, stage: Stage) -> list[list[int]]:
        modes = dict.fromkeys(stage.read, READ)
        for array in stage.written:
            modes[array] = modes.get(array, 0) | WRITTEN
        return [[self._number[array], mode] for array, mode in modes.items()]

    def _operand(self, operand: Operand | None) -> int:
        if operand is None:
            return -1
        if isinstance(operand, Array):
            return self._number[operand]
        return len(self.arrays) + operand

    def run(
        self,
        places: Mapping[Array, Place],
        weights: Mapping[str, Tensor],
        shape: tuple[int, int, int],
        poison: bool = False,
    ) -> None:
        """Runs all time steps; `shape` is (T, B, H), all tensors are of one type.

        Raises MemoryError.
        """
        loaded = library()
        assert loaded is not None
        dtype = next(iter(places.values())).tensor.dtype
        constants = self._constants_of(dtype)
        rows = [
            (constants[array].data_ptr(), 0, 0, 0, 0, 0, 0)
            if array.kind == CONSTANT
            else places[array].row(array.shift)
            for array in self.arrays
        ]
        arrays = np.array(rows, dtype=np.int64)
        square = (shape[2], shape[2])
        assert all(places[a].fits(*shape) for a in self.arrays if a.kind != CONSTANT)
        assert all(weights[m.name].shape == square for m in self.matrices)
        matrices = np.array(
            [(weights[m.name].data_ptr(), int(m.transposed)) for m in self.matrices], dtype=np.int64
        )
        tables: list[NDArray[Any]] = [arrays, matrices, *self.tables]
        pointers = [table.ctypes.data for table in tables]
        counts = (len(self.arrays), len(self.matrices), len(self.program.stages))
        call = _Call(
            *pointers,
            _parallel(),
            *counts,
            *(self.program.slots, self.most_accesses),
            *shape,
            *(int(self.backward), torch.get_num_threads(), int(poison)),
        )
        if loaded.fenas_run(ctypes.byref(call), int(dtype == torch.float64), BEST_TESTED):
            raise MemoryError("no memory for the workspace of a recurrent layer")

    def _constants_of(self, dtype: torch.dtype) -> dict[Array, Tensor]:
        """A vector as wide as any tile for each number of the program."""
        if dtype not in self._constants:
            self._constants[dtype] = {
                array: torch.full((WIDEST,), float(array.of), dtype=dtype)
                for array in self.arrays
                if array.kind == CONSTANT
            }
        return self._constants[dtype]
