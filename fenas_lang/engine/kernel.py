"""The native kernel by ctypes: programs as its tables, tensors as its arrays."""

from __future__ import annotations

import ctypes
import importlib.util
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from fenas_lang.engine.steps import Steps
from fenas_lang.plan.program import CONSTANT, COPY, Array, Operand, Program, Stage
from fenas_lang.plan.reverse import GATE

OPERATIONS = (
    *(COPY, "add", "sub", "mul", "neg", "tanh", "sigmoid", "relu", "step"),
    *("exp", "log", "reciprocal", "sin", "cos", "erf", GATE),
)
"""In the order of `enum op`."""

TYPES = (torch.float32, torch.float64)
WIDEST = 64
READ, WRITTEN = 1, 2
SUMS = 64
LARGE = 2**22
"""From so many bytes on, memory comes fresh from the system each time."""

BASELINE, AVX2, AVX512 = range(3)
BEST_TESTED = AVX512
"""The instruction set that is used where the machine has it, else the best that it has."""


class _Call(ctypes.Structure):
    """`struct call`."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("arrays", "matrices", "products", "instructions")),
        *((name, ctypes.c_void_p) for name in ("accesses", "stages", "starts", "packed")),
        *((name, ctypes.c_void_p) for name in ("parallel", "team_size")),
        *((f"{name}_count", ctypes.c_int64) for name in ("array", "matrix", "stage")),
        *((f"{name}_count", ctypes.c_int64) for name in ("slot", "access")),
        *((name, ctypes.c_int64) for name in ("time", "batch", "size")),
        *((name, ctypes.c_int64) for name in ("backward", "reverse", "threads", "poison")),
    ]


@cache
def shared_object() -> ctypes.CDLL | None:
    """The kernel, or None where it was not built."""
    spec = importlib.util.find_spec("fenas_lang.engine._kernel")
    if spec is None or spec.origin is None:
        return None
    try:
        found = ctypes.CDLL(spec.origin)
    except OSError:
        return None
    for entry in (found.fenas_run, found.fenas_pack):
        entry.argtypes = [ctypes.POINTER(_Call), ctypes.c_int, ctypes.c_int]
    found.fenas_packed.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_int, ctypes.c_int]
    found.fenas_packed.restype = ctypes.c_int64
    found.fenas_advise.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    found.fenas_advise.restype = None
    found.fenas_sign.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int]
    return found


def _loaded() -> ctypes.CDLL:
    loaded = shared_object()
    assert loaded is not None
    return loaded


@cache
def _parallel() -> tuple[int | None, int | None]:
    """`GOMP_parallel` and `omp_get_num_threads` of torch's own OpenMP.

    A second set of threads would fight with it.
    """
    home = Path(torch.__file__).parent
    folders = (home / "lib", home.parent / "torch.libs")
    kinds = ("libgomp*", "libiomp5*", "libomp*")
    for path in (path for folder in folders for kind in kinds for path in folder.glob(kind)):
        try:
            loaded = ctypes.CDLL(str(path))
            entries = loaded.GOMP_parallel, loaded.omp_get_num_threads
        except (OSError, AttributeError):
            continue
        run, size = (ctypes.cast(entry, ctypes.c_void_p).value for entry in entries)
        return run, size
    return None, None


def signature(tensors: Iterable[Tensor]) -> bytes:
    """A sum over the bytes of contiguous tensors, which a change of any of them changes."""
    blocks = array("q")
    for tensor in tensors:
        blocks.append(tensor.data_ptr())
        blocks.append(tensor.nbytes // 4)
    sums = ctypes.create_string_buffer(4 * SUMS)
    _loaded().fenas_sign(blocks.buffer_info()[0], len(blocks) // 2, sums, BEST_TESTED)
    return sums.raw


def room(like: Tensor, shape: Sequence[int]) -> Tensor:
    """A new tensor of that type, in pages as large as the system gives."""
    made = like.new_empty(shape)
    if made.nbytes >= LARGE:
        _loaded().fenas_advise(made.data_ptr(), made.nbytes)
    return made


class Place(NamedTuple):
    """Where an array of a program is: `struct array` but for its shift, in elements.

    Whoever makes a place keeps its tensors alive, and answers for their being large enough.
    """

    base: int
    first: int = 0
    row: int = 0
    column: int = 1
    ring: int = 0

    @staticmethod
    def vector(tensor: Tensor) -> Place:
        """The same values (H) in all rows at all times."""
        return Place(tensor.data_ptr())

    @staticmethod
    def rows(tensor: Tensor, first: Tensor | None = None) -> Place:
        """A row for each row of each time step, (N, H).

        With `first` (B, H), those at the beginning, and `tensor` the ones that steps lead to.
        """
        start = 0 if first is None else first.data_ptr()
        return Place(tensor.data_ptr(), start, tensor.stride(0))

    @staticmethod
    def columns(tensor: Tensor, size: int) -> list[Place]:
        """The values that lie side by side in a tensor (N, k · H), as `rows`; `size` is H."""
        base, row, apart = tensor.data_ptr(), tensor.stride(0), size * tensor.element_size()
        return [Place(base + k * apart, 0, row) for k in range(tensor.shape[1] // size)]

    @staticmethod
    def ring_of(tensor: Tensor, first: Tensor | None = None) -> Place:
        """A contiguous tensor (R, B, H): at index i of time it is `tensor[i % R]`."""
        start = 0 if first is None else first.data_ptr()
        return Place(tensor.data_ptr(), start, tensor.stride(1), ring=tensor.shape[0])


class Routine:
    """A program in the form in which the kernel reads it."""

    def __init__(self, program: Program, backward: bool):
        self.program = program
        self.arrays = program.arrays
        self.matrices = program.matrices
        self._number = {used: k for k, used in enumerate(self.arrays)}
        self._matrix = {matrix: k for k, matrix in enumerate(self.matrices)}
        self._tables = self._lower()
        self._template = self._empty_call(backward)
        self._constants: dict[torch.dtype, dict[Array, Tensor]] = {}

    def _lower(self) -> list[array[int]]:
        products: list[int] = []
        instructions: list[int] = []
        accesses: list[int] = []
        stages: list[int] = []
        self._most_accesses = 0
        for stage in self.program.stages:
            starts = len(products) // 4, len(instructions) // 4, len(accesses) // 2
            for p in stage.products:
                operands = map(self._operand, (p.source, p.base, p.result))
                products += (self._matrix[p.matrix], *operands)
            for i in stage.instructions:
                operands = map(self._operand, (i.result, i.operands[0], i.operands[-1]))
                instructions += (OPERATIONS.index(i.op), *operands)
            accesses += self._accesses(stage)
            ends = len(products) // 4, len(instructions) // 4, len(accesses) // 2
            stages += (n for pair in zip(starts, ends, strict=True) for n in pair)
            self._most_accesses = max(self._most_accesses, ends[2] - starts[2])
        return [array("i", table) for table in (products, instructions, accesses, stages)]

    def _accesses(self, stage: Stage) -> list[int]:
        modes = dict.fromkeys(stage.read, READ)
        for written in stage.written:
            modes[written] = modes.get(written, 0) | WRITTEN
        return [n for used, mode in modes.items() for n in (self._number[used], mode)]

    def _operand(self, operand: Operand | None) -> int:
        if operand is None:
            return -1
        if isinstance(operand, Array):
            return self._number[operand]
        return len(self.arrays) + operand

    def _empty_call(self, backward: bool) -> _Call:
        """What is the same in every call."""
        call = _Call()
        tables = ("products", "instructions", "accesses", "stages")
        for name, table in zip(tables, self._tables, strict=True):
            setattr(call, name, table.buffer_info()[0])
        call.array_count, call.matrix_count = len(self.arrays), len(self.matrices)
        call.stage_count, call.slot_count = len(self.program.stages), self.program.slots
        call.access_count, call.backward = self._most_accesses, int(backward)
        return call

    def _new_call(self, size: int, poison: bool) -> _Call:
        call = _Call.from_buffer_copy(self._template)
        call.size, call.poison = size, int(poison)
        call.threads = torch.get_num_threads()
        call.parallel, call.team_size = _parallel()
        return call

    def pack(self, weights: Mapping[str, Tensor], size: int, like: Tensor) -> Tensor:
        """The program's matrices in the kernel's own order, for `run`; `size` is H.

        The weights are (H, H), and of the type of `like`.
        """
        rows = [weights[matrix.name].contiguous() for matrix in self.matrices]
        if any(weight.shape != (size, size) for weight in rows):
            raise RuntimeError(f"a parameter of the loop has another shape than ({size}, {size})")
        wide = int(like.dtype == torch.float64)
        count = _loaded().fenas_packed(len(rows), size, wide, BEST_TESTED)
        packed = torch.empty(count, dtype=like.dtype)
        pairs = zip(rows, self.matrices, strict=True)
        table = array("q", [n for w, m in pairs for n in (w.data_ptr(), int(m.transposed))])
        call = self._new_call(size, poison=False)
        call.matrices, call.packed = table.buffer_info()[0], packed.data_ptr()
        _loaded().fenas_pack(call, wide, BEST_TESTED)
        return packed

    def run(
        self,
        places: Mapping[Array, Place],
        packed: Tensor,
        steps: Steps,
        size: int,
        poison: bool = False,
    ) -> None:
        """Runs all time steps over what `pack` gave; `size` is H.

        Raises MemoryError.
        """
        table = array("q", chain.from_iterable(self._rows(places, packed.dtype)))
        call = self._new_call(size, poison)
        call.arrays, call.packed = table.buffer_info()[0], packed.data_ptr()
        call.time, call.batch, call.reverse = steps.time, steps.batch, int(steps.reverse)
        starts = steps.starts
        call.starts = starts.buffer_info()[0]
        if _loaded().fenas_run(call, int(packed.dtype == torch.float64), BEST_TESTED):
            raise MemoryError("no memory for the workspace of a recurrent layer")

    def _rows(self, places: Mapping[Array, Place], dtype: torch.dtype) -> Iterable[Sequence[int]]:
        """`struct array` of each array."""
        constants = self._constants_of(dtype)
        for used in self.arrays:
            if used.kind == CONSTANT:
                yield (constants[used].data_ptr(), 0, 0, 0, 0, 0)
            else:
                base, first, row, column, ring = places[used]
                yield (base, first, row, column, used.shift, ring)

    def _constants_of(self, dtype: torch.dtype) -> dict[Array, Tensor]:
        """A vector as wide as any tile for each number of the program.

        One beyond the type's range is infinite, as it is among torch's operations.
        """
        if dtype not in self._constants:
            made = {
                used: torch.full((WIDEST,), float(used.of), dtype=torch.float64).to(dtype)
                for used in self.arrays
                if used.kind == CONSTANT
            }
            return self._constants.setdefault(dtype, made)
        return self._constants[dtype]
