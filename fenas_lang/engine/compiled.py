"""The classes of compiled layers: the frame of emitted modules, and generated code for the cell."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fenas_lang.emit.torch import layer_class
from fenas_lang.emit.torch_frame import Prepared, RecurrentLayer, Stack
from fenas_lang.emit.torch_sweep import Result, States, sweep
from fenas_lang.engine import torch_weights
from fenas_lang.engine.dispatch import run
from fenas_lang.engine.native import NativeCell
from fenas_lang.engine.onnx_export import onnx_bytes
from fenas_lang.engine.serving import served
from fenas_lang.engine.steps import well_formed
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand
from fenas_lang.passes.mask_edges import INNER, INPUT, STATE, mask_edges
from fenas_lang.syntax.ast import Cell

Masks = Mapping[str, Tensor]

HEADER = """\
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.engine.compiled import {base}, Masks, Prepared, Stack


"""


class CompiledLayer(RecurrentLayer):
    """A layer made by `fenas_lang.compile`; everything else is as in an emitted module.

    `cell` is what it runs.  It is pickled with its cell, so it can be loaded wherever this package
    is.
    """

    cell: ClassVar[Cell]
    dataflow: ClassVar[Dataflow]
    masked: ClassVar[frozenset[str]]
    native: ClassVar[NativeCell]

    @property
    def backend(self) -> str:
        """How it runs: `native` in the kernel, `torch` as torch operations.

        `torch` where the kernel was not built, for parameters that are not float32 or float64 on a
        CPU, and with FENAS_BACKEND=torch in the environment.  Under autocast, `torch.func`
        and tracing and with subclasses of tensors, any layer runs as torch
        operations.
        """
        return "native" if served(next(self.parameters(), None)) else "torch"

    def _check_rows(self, rows: Tensor, sizes: Sequence[int]) -> None:
        fits = rows.shape[-1] == self.input_size and all(
            parameter is not None
            and parameter.dtype == rows.dtype
            and parameter.device == rows.device
            for parameter in self._parameters.values()
        )
        if not (fits and sizes and sizes[0]):
            super()._check_rows(rows, sizes)
        if not well_formed(sizes, len(rows)):
            raise ValueError(
                f"the batch_sizes of a PackedSequence never grow, and add up to its {len(rows)} "
                f"rows; these are {sizes}"
            )

    def _run_direction(
        self, rows: Tensor, sizes: Sequence[int], states: States, stack: Stack, reverse: bool
    ) -> Result:
        return run(self.native, self, rows, sizes, states, stack, reverse) or (
            super()._run_direction(rows, sizes, states, stack, reverse)
        )

    def load_torch(self, module: nn.Module) -> None:
        """Copy the weights of an `nn.LSTM`, `nn.GRU` or `nn.RNN` that the cell is proved equal to.

        Biases that are only ever added are summed.  Raises FenError (FEN604).
        """
        torch_weights.load_torch(self, self.dataflow, module)

    def to_torch(self) -> nn.RNNBase:
        """The `nn.LSTM`, `nn.GRU` or `nn.RNN` that this layer is.  Raises FenError (FEN604)."""
        return torch_weights.to_torch(self, self.dataflow)

    def to_onnx(self, path: str | Path) -> None:
        """Write an ONNX model that computes what this layer does in eval mode, weights included.

        Inputs are the sequence and, optional, the initial states, under the names in the cell's
        header; outputs are `output` and, for each state, `final_…`.  T and B are not fixed.
        Raises FenError where `onnx` is not installed, or the weights are of a type or size that a
        model cannot hold.
        """
        Path(path).write_bytes(onnx_bytes(self, self.cell, self.dataflow))

    def __reduce__(self) -> tuple[Any, ...]:
        return _unbuilt, (self.cell, self.dataflow, self.masked), self.__dict__


class VariationalLayer(CompiledLayer):
    """A layer whose weighted edges have dropout, with masks drawn once a sequence.

    A mask multiplies the operand of every weighted edge from one source, scaled so that its mean
    is 1 (Gal & Ghahramani 2016).  `variational` gives the probability of dropping by kind of
    source: `x` the input, `h` the states, `edges` the cell's own nodes.  In eval mode there is
    none.
    """

    row_masks: ClassVar[tuple[str, ...]] = ()
    step_masks: ClassVar[tuple[str, ...]] = ()
    native_masked: ClassVar[NativeCell]

    def __init__(self, *arguments: Any, variational: Mapping[str, float], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.variational = dict(variational)

    def prepare_masked(self, x: Tensor, stack: Stack, masks: Masks) -> Prepared:
        """As `prepare`; the step takes and returns the masks that it needs behind the states."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, variational={self.variational}"

    def _run_direction(
        self, rows: Tensor, sizes: Sequence[int], states: States, stack: Stack, reverse: bool
    ) -> Result:
        if not self.training:
            return super()._run_direction(rows, sizes, states, stack, reverse)
        drawn = self._draw(rows, sizes[0])
        masked = self.native_masked
        return run(masked, self, rows, sizes, states, stack, reverse, drawn) or (
            self._run_masked(rows, sizes, states, stack, reverse, drawn)
        )

    def _run_masked(
        self,
        rows: Tensor,
        sizes: Sequence[int],
        states: States,
        stack: Stack,
        reverse: bool,
        masks: Masks,
    ) -> Result:
        of_rows = {k: torch.cat([masks[k][:n] for n in sizes]) for k in self.row_masks}
        prepared, step = self.prepare_masked(rows, stack, of_rows)
        in_step = (masks[name] for name in self.step_masks)
        output, finals = sweep(prepared, step, sizes, (*states, *in_step), reverse)
        return output, finals[: len(states)]

    def _draw(self, rows: Tensor, batch: int) -> dict[str, Tensor]:
        sources = (*self.row_masks, *self.step_masks)
        return {source: self._mask(rows, batch, source) for source in sources}

    def _mask(self, rows: Tensor, batch: int, source: str) -> Tensor:
        kind = self._kind(source)
        size = rows.shape[-1] if kind == INPUT else self.hidden_size
        return F.dropout(rows.new_ones(batch, size), self.variational[kind])

    def _kind(self, source: str) -> str:
        if source == self.cell.input:
            return INPUT
        return STATE if source in self.state_names else INNER


def class_of(
    cell: Cell, dataflow: Dataflow, masked: frozenset[str] = frozenset()
) -> type[CompiledLayer]:
    """The class that runs a cell, which lowers to `dataflow`.

    With `masked`, kinds of sources, it is a `VariationalLayer` with masks on the edges from those.
    Equal cells with the same comments share a class.
    """
    return _class_of(cell, str(cell), dataflow, masked)


@lru_cache(maxsize=256)
def _class_of(
    cell: Cell, source: str, dataflow: Dataflow, masked: frozenset[str]
) -> type[CompiledLayer]:
    base = VariationalLayer if masked else CompiledLayer
    graph = expand(dataflow)
    generated = layer_class(cell, dataflow, graph, base.__name__, masked)
    text = HEADER.format(base=base.__name__) + generated.text + "\n"
    digest = sha256(f"{source}\0{text}".encode(errors="surrogatepass")).hexdigest()
    file = f"<fenas_lang {cell.name} {digest[:16]}>"
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(text, file, "exec"), namespace)
    made: type[CompiledLayer] = namespace[generated.name]
    made.cell, made.dataflow, made.masked = cell, dataflow, masked
    made.native = NativeCell(graph)
    if issubclass(made, VariationalLayer):
        made.row_masks, made.step_masks = generated.row_masks, generated.step_masks
        made.native_masked = NativeCell(mask_edges(graph, masked))
    _show_source(made, file, text)
    return made


def _show_source(made: type, file: str, text: str) -> None:
    """Let tracebacks and debuggers show the generated code for as long as its class lives."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    weakref.finalize(made, linecache.cache.pop, file, None)


def _unbuilt(cell: Cell, dataflow: Dataflow, masked: frozenset[str]) -> CompiledLayer:
    """A layer without attributes, for pickle and copy to fill."""
    made = class_of(cell, dataflow, masked)
    return made.__new__(made)
