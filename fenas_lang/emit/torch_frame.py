"""What emitted modules share: any recurrent cell over a sequence, in torch operations.

An emitted file holds this text as it is, behind that of `torch_sweep.py`, so it needs only
torch; the layers of `fenas_lang.compile` have it as their base class.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from fenas_lang.emit.torch_sweep import Even, Result, States, Step, sweep

Stack = Callable[..., Tensor]
Prepared = tuple[States, Step]


class RecurrentLayer(nn.Module):
    """A recurrent cell over a sequence, with the interface of `nn.LSTM` and `nn.GRU`.

    `output, state = layer(input, state)` takes an input of shape (T, B, D), or
    (B, T, D) with `batch_first`, or (T, D), or a PackedSequence, and gives an output
    with H * directions features.  The state is one tensor, or for a cell with several
    states a tuple of them, each (layers * directions, B, H); a missing state is zero.

    A cell is a subclass that says which parameters it has (`edge_shapes`, in the sizes
    D and H), what its states are called, and in `prepare` what it computes.  Edges that
    share a source are stacked into one matrix product.

    Where fenas_lang is installed, its native engine runs the cell's `source` in place
    of `prepare` and `sweep`, if they are still what it makes of that source.  An edited
    class runs as it is written.
    """

    source: ClassVar[str] = ""
    edge_shapes: ClassVar[dict[str, str]] = {}
    state_names: ClassVar[tuple[str, ...]] = ()
    unweighted: ClassVar[str] = ""  # the use of the input that needs D = H, if any
    engine: ClassVar[Any] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.source:
            cls.engine = _native_engine()

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self._check_arguments()
        for name, sizes in self._parameter_sizes():
            values = torch.empty(sizes, device=device, dtype=dtype)
            self.register_parameter(_attribute(name), nn.Parameter(values))
        self.reset_parameters()

    def prepare(self, x: Tensor, stack: Stack) -> Prepared:
        """What depends on the input alone, for all time steps at once, and the step.

        The rows of x (N, D) are those of all time steps, one behind the other.  The
        step takes the rows of one time step of each prepared value, then the states,
        and returns the next states.  `stack` gives parameters by name, several stacked
        into one.
        """
        raise NotImplementedError

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | Sequence[Tensor] | None = None,
    ) -> tuple[Any, Any]:
        """The output at every time step, and the state after the last one."""
        if not isinstance(input, PackedSequence):
            return self._forward_padded(input, hx)
        run = self._forward_packed
        if torch.compiler.is_compiling():  # it would compile anew for other lengths
            uncompiled: Callable[..., Any] = torch.compiler.disable
            run = uncompiled(run)
        return run(input, hx)

    @property
    def backend(self) -> str:
        """How it runs: `native` in the engine of fenas_lang, or `torch` as written here.

        The environment variable FENAS_BACKEND=torch asks for the latter.
        """
        return self.engine.backend(self) if self.engine is not None else "torch"

    def reset_parameters(self) -> None:
        """Draws every parameter uniformly within ±1/√H, as `nn.LSTM` does."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing; it is here for models that call it on their `nn.LSTM`."""

    def edges(self) -> dict[str, Tensor]:
        """The parameters by the names of the cell's edges, such as `r.x` or `r.bias`.

        With several layers or two directions `l0.` or `l0.reverse.` comes first.
        """
        names = (name for name, _ in self._parameter_sizes())
        return {name: getattr(self, _attribute(name)) for name in names}

    def load_edges(self, values: Mapping[str, Any]) -> None:
        """Sets all parameters, by the names that `edges` gives them."""
        edges = self.edges()
        unknown = ", ".join(sorted(set(values) - set(edges)))
        missing = ", ".join(name for name in edges if name not in values)
        if unknown or missing:
            parts = {"no edge is called": unknown, "there is no value for": missing}
            raise ValueError("; ".join(f"{k} {v}" for k, v in parts.items() if v))
        tensors = {name: torch.as_tensor(values[name]) for name in edges}
        for name, edge in edges.items():
            if tensors[name].shape != edge.shape:
                given = tuple(tensors[name].shape)
                raise ValueError(f"{name} is {tuple(edge.shape)}, the value is {given}")
        with torch.no_grad():
            for name, edge in edges.items():
                edge.copy_(tensors[name])

    def extra_repr(self) -> str:
        defaults = {
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
        }
        options = {name: getattr(self, name) for name in defaults}
        changed = (f"{k}={v}" for k, v in options.items() if v != defaults[k])
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])

    def _forward_padded(self, x: Tensor, hx: Any) -> tuple[Tensor, Any]:
        _check_tensor("the input", x)
        if x.dim() not in (2, 3):
            raise ValueError(f"the input must have 2 or 3 dimensions, not {x.dim()}")
        batched = x.dim() == 3
        if not batched:
            x = x.unsqueeze(1)
        elif self.batch_first:
            x = x.transpose(0, 1)
        time, batch, _ = x.shape
        states = self._initial_states(hx, x, batch, batched)
        rows, states = self._run(x.flatten(0, 1), Even(time, batch), states)
        output = rows.view(time, batch, rows.shape[-1])
        if not batched:
            states = tuple(state.squeeze(1) for state in states)
            return output.squeeze(1), self._final_state(states)
        if self.batch_first:
            output = output.transpose(0, 1)
        return output, self._final_state(states)

    def _forward_packed(self, x: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        sizes = x.batch_sizes.tolist()
        states = self._initial_states(hx, x.data, sizes[0], True)
        if x.sorted_indices is not None:
            states = tuple(s.index_select(1, x.sorted_indices) for s in states)
        rows, states = self._run(x.data, sizes, states)
        if x.unsorted_indices is not None:
            states = tuple(s.index_select(1, x.unsorted_indices) for s in states)
        order = (x.sorted_indices, x.unsorted_indices)
        output = PackedSequence(rows, x.batch_sizes, *order)
        return output, self._final_state(states)

    def _run(self, rows: Tensor, sizes: Sequence[int], states: States) -> Result:
        """All layers, over rows of which the first `sizes[0]` are time step 0, …"""
        self._check_rows(rows, sizes)
        directions = 2 if self.bidirectional else 1
        finals = []
        for layer in range(self.num_layers):
            if layer > 0:
                rows = F.dropout(rows, self.dropout, self.training)
            outputs = []
            for direction in range(directions):
                run = layer * directions + direction
                stack = partial(self._stack, self._prefixes()[run])
                initial = tuple(state[run] for state in states)
                output, final = self._run_direction(
                    rows, sizes, initial, stack, reverse=direction == 1
                )
                outputs.append(output)
                finals.append(final)
            rows = torch.cat(outputs, dim=-1) if self.bidirectional else outputs[0]
        return rows, tuple(torch.stack(state) for state in zip(*finals, strict=True))

    def _run_direction(
        self,
        rows: Tensor,
        sizes: Sequence[int],
        states: States,
        stack: Stack,
        reverse: bool,
    ) -> Result:
        if self.engine is not None:
            given = (rows, sizes, states, stack, reverse)
            native: Result | None = self.engine.run(self, *given)
            if native is not None:
                return native
        prepared, step = self.prepare(rows, stack)
        return sweep(prepared, step, sizes, states, reverse)

    def _stack(self, prefix: str, *names: str | None) -> Tensor:
        parts = [self._parameter(prefix, name) for name in names]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _parameter(self, prefix: str, name: str | None) -> Tensor:
        """A parameter; zeros for None, and for a bias where the layer has none."""
        if name is None or (name.endswith(".bias") and not self.bias):
            return next(self.parameters()).new_zeros(self.hidden_size)
        parameter: Tensor = getattr(self, _attribute(prefix + name))
        return parameter

    def _parameter_sizes(self) -> Iterator[tuple[str, list[int]]]:
        for run, prefix in enumerate(self._prefixes()):
            for name, shape in self.edge_shapes.items():
                if self.bias or not name.endswith(".bias"):
                    yield prefix + name, [self._size(letter, run) for letter in shape]

    def _prefixes(self) -> list[str]:
        """What the names of each layer and direction begin with."""
        if self.num_layers == 1 and not self.bidirectional:
            return [""]
        directions = ("", "reverse.") if self.bidirectional else ("",)
        return [f"l{k}.{way}" for k in range(self.num_layers) for way in directions]

    def _size(self, letter: str, run: int) -> int:
        directions = 2 if self.bidirectional else 1
        if letter == "H":
            return self.hidden_size
        return self.input_size if run < directions else self.hidden_size * directions

    def _initial_states(self, hx: Any, x: Tensor, batch: int, batched: bool) -> States:
        """The states as (layers * directions, B, H), whatever the caller gave."""
        runs = len(self._prefixes())
        batches = [batch] if batched else []
        expected = (runs, *batches, self.hidden_size)
        if hx is None:
            full = (runs, batch, self.hidden_size)
            return tuple(x.new_zeros(full) for _ in self.state_names)
        states = self._given_states(hx)
        for name, state in zip(self.state_names, states, strict=True):
            if state.shape != expected:
                given = tuple(state.shape)
                raise RuntimeError(f"state {name} must be {expected}, it is {given}")
            _check_same(f"state {name}", state, "the input", x)
        return states if batched else tuple(state.unsqueeze(1) for state in states)

    def _given_states(self, hx: Any) -> States:
        names = ", ".join(self.state_names)
        if len(self.state_names) == 1:
            if not isinstance(hx, Tensor):
                raise TypeError(f"the state {names} must be one tensor")
            hx = (hx,)
        if not isinstance(hx, Sequence) or len(hx) != len(self.state_names):
            raise TypeError(f"the state must be the tuple ({names})")
        for name, state in zip(self.state_names, hx, strict=True):
            _check_tensor(f"state {name}", state)
        return tuple(hx)

    def _final_state(self, states: States) -> Tensor | States:
        return states if len(states) > 1 else states[0]

    def _check_rows(self, rows: Tensor, sizes: Sequence[int]) -> None:
        if not sizes:
            raise RuntimeError("the sequence has no time step")
        if sizes[0] == 0:
            raise RuntimeError("the batch is empty; it must hold a sequence")
        if rows.shape[-1] != self.input_size:
            given = f"the input has {rows.shape[-1]} features"
            raise RuntimeError(f"{given}, input_size is {self.input_size}")
        for parameter in self.parameters():
            _check_same("the input", rows, "the parameters", parameter)

    def _check_arguments(self) -> None:
        for name in ("input_size", "hidden_size", "num_layers"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} must be a whole number, not {value!r}")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout must be within 0 and 1, not {self.dropout}")
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn("dropout acts between layers, and there is one", stacklevel=3)
        problem = self._square_problem()
        if problem:
            raise ValueError(problem)

    def _square_problem(self) -> str:
        """Which layer receives other than H values where the cell needs H."""
        directions = 2 if self.bidirectional else 1
        for layer in range(self.num_layers if self.unweighted else 0):
            width = self._size("D", layer * directions)
            if width != self.hidden_size:
                given = f"receives {'2H' if layer else f'D = {width}'} values"
                use = f"{self.unweighted} uses them unweighted"
                return f"layer {layer + 1} of {self.num_layers} {given}, and {use}"
        return ""


def _native_engine() -> Any:
    """What runs unchanged cells natively; None where fenas_lang is not here or too new."""
    try:
        engine = import_module("fenas_lang.engine.emitted")
        return engine if engine.INTERFACE == 1 else None
    except Exception:
        return None


def _check_tensor(name: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a tensor, not {type(value).__name__}")
    if value.layout != torch.strided:
        raise TypeError(f"{name} must be dense, not {value.layout}")


def _check_same(name: str, value: Tensor, other_name: str, other: Tensor) -> None:
    if value.dtype != other.dtype and not _autocast(value):
        kinds = f"{value.dtype}, {other_name} {other.dtype}"
        raise ValueError(f"{name} is {kinds}; they must be the same")
    if value.device != other.device:
        places = f"on {value.device}, {other_name} on {other.device}"
        raise RuntimeError(f"{name} is {places}; they must be the same")


def _attribute(name: str) -> str:
    """The attribute that holds an edge's parameter: `r.x` is in `edge__r__x`."""
    return "edge__" + name.replace(".", "__")


def _autocast(x: Tensor) -> bool:
    return torch.is_autocast_enabled(x.device.type)
