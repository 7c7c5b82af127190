"""fenas_lang: a language for recurrent cells.

A cell is a `.fen` text.  `load` reads and checks one, `compile` makes it a PyTorch layer, `emit`
prints any stage of the compiler, `analyze` says what it is, `evolve` finds better ones, `train`
trains one for good.  Nothing heavy is imported before it is needed: importing this package loads
neither torch nor sympy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from fenas_lang.diagnostics import Diagnostic, FenError
from fenas_lang.syntax.ast import Cell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike
    from torch import Tensor, nn

    from fenas_lang.analysis import Analysis
    from fenas_lang.proof.prove import Verdict
    from fenas_lang.runs import Result as RunResult
    from fenas_lang.search.result import Result
    from fenas_lang.spaces.model import Space

__version__ = "0.1.0"

__all__ = [
    "Cell",
    "Diagnostic",
    "FenError",
    "analyze",
    "canonical_key",
    "check",
    "compile",
    "emit",
    "evolve",
    "interpret",
    "linear_cross_entropy",
    "load",
    "loads",
    "prove",
    "ring_key",
    "sample",
    "train",
]

# Two functions below have a folder's name.  Python binds a folder to its name when it is first
# imported; done here, that cannot put the folder in the function's place later.
for _folder in ("check", "emit"):
    import_module(f"{__name__}.{_folder}")

AnyCell = Cell | str | Path
"""A cell, or a reference to one as on the command line."""


def load(reference: str | Path, *, space: str | Path | None = None) -> Cell:
    """Read a cell: a file, `file.fen:NAME`, or a shipped cell (`gru.fen`, `GRU`).

    Raises FenError, whose `.diagnostics` say what is wrong, where, and how to mend it.
    """
    from fenas_lang.check import loader

    return loader.load(reference, _space(space))


def loads(text: str, *, name: str | None = None, space: str | Path | None = None) -> Cell:
    """Read the cell in a text; `name` picks one of several.  Raises FenError."""
    from fenas_lang.check import loader

    return loader.loads(text, name, _space(space))


def check(text: str, *, space: str | Path | None = None) -> list[Diagnostic]:
    """All diagnostics of a text, in order; never raises on any text."""
    from fenas_lang.check.check import check_text

    return check_text(text, space=_space(space))


def compile(
    cell: AnyCell,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    device: Any = None,
    dtype: Any = None,
    variational: Mapping[str, float] | None = None,
) -> nn.Module:
    """A layer with the interface of `nn.LSTM` and `nn.GRU` that runs any cell.

    Called with x (T, B, D), or (B, T, D) if `batch_first`, it gives y (T, B, H * directions) and
    the last state: one tensor for one state, a tuple in header order for several, each
    (layers * directions, B, H).  `variational` = {"x": p, "h": p, "edges": p} draws dropout masks
    once a sequence for the operands of weighted edges (Gal & Ghahramani 2016).  Raises FenError.
    """
    from fenas_lang.engine.layer import compile as build

    return build(
        _cell(cell),
        input_size,
        hidden_size,
        num_layers,
        bias,
        batch_first,
        dropout,
        bidirectional,
        device,
        dtype,
        variational,
    )


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """`F.cross_entropy(F.linear(hidden, weight, bias), target)`, never holding all logits; in nats.

    hidden (…, H), weight (V, H), bias (V) or None, target (…).  A module of it, which can share an
    embedding's weights, is `fenas_lang.engine.linear_cross_entropy.LinearCrossEntropy`.  Raises
    FenError.
    """
    from fenas_lang.engine.linear_cross_entropy import linear_cross_entropy as run

    return run(hidden, weight, bias, target, reduction, ignore_index, label_smoothing)


@overload
def emit(  # type: ignore[overload-overlap]
    cell: AnyCell,
    target: Literal["onnx"],
    *,
    space: str | Path | None = None,
    input_size: int = 300,
    hidden_size: int = 300,
    seed: int = 0,
) -> bytes: ...
@overload
def emit(
    cell: AnyCell,
    target: str = "torch",
    *,
    space: str | Path | None = None,
    input_size: int = 300,
    hidden_size: int = 300,
    seed: int = 0,
) -> str: ...
def emit(
    cell: AnyCell,
    target: str = "torch",
    *,
    space: str | Path | None = None,
    input_size: int = 300,
    hidden_size: int = 300,
    seed: int = 0,
) -> str | bytes:
    """The text of a compiler stage or backend: any target of `fenasc compile --emit`.

    `onnx` gives bytes, a model of these sizes with weights drawn by the seed.
    """
    from fenas_lang.emit import emit as write

    sizes = {"input_size": input_size, "hidden_size": hidden_size}
    return write(_cell(cell), target, _space(space), **sizes, seed=seed)


def analyze(
    cell: AnyCell,
    *,
    input_size: int = 300,
    hidden_size: int = 300,
    space: str | Path | None = None,
) -> Analysis:
    """What a cell is: counts, formulae, ranges, gradient paths, and what it equals."""
    from fenas_lang import analysis

    return analysis.analyze(_cell(cell), input_size, hidden_size, _space(space))


def interpret(
    cell: AnyCell,
    *,
    x: ArrayLike,
    states: Sequence[ArrayLike],
    parameters: Mapping[str, ArrayLike],
) -> tuple[np.ndarray[Any, Any], ...]:
    """The meaning of one time step in NumPy, float64: the next states.

    x is (…, D), each state (…, H), parameters by their names in the language (`r.x` is (H, D)).
    """
    from fenas_lang.ir.interpret import interpret as run
    from fenas_lang.ir.lower import expand, lower

    return run(expand(lower(_cell(cell))), x, states, parameters)


def canonical_key(cell: AnyCell) -> str:
    """`fen1:` and a digest, the same for cells that are equal up to names, order and dead nodes."""
    from fenas_lang.ir.canonical import canonical_key as key
    from fenas_lang.ir.lower import lower

    return key(lower(_cell(cell)))


def prove(a: AnyCell, b: AnyCell) -> Verdict:
    """How two cells are related, as far as that can be proved; also `torch.nn.LSTM|GRU|RNN`."""
    from fenas_lang.proof.prove import prove as relate

    return relate(a, b)


def ring_key(cell: AnyCell) -> str:
    """`ring1:` and a digest, the same also for cells that are equal by algebra and laws.

    `ring1:none` for a cell too large to say.
    """
    from fenas_lang.ir.lower import expand, lower
    from fenas_lang.proof.ring_key import ring_key as key

    return key(expand(lower(_cell(cell))))


def sample(space: str | Path = "fenas", **settings: Any) -> Cell:
    """A random cell of a search space; settings as in `fenas_lang.spaces.sample.sample`."""
    from fenas_lang.spaces import sample as sampling
    from fenas_lang.spaces.reader import load_space

    return sampling.sample(load_space(space), **settings)


def evolve(cells: Sequence[AnyCell], task: str, **settings: Any) -> Result:
    """Evolve better cells from seeds; settings as in `fenas_lang.search.study.evolve`."""
    from fenas_lang.search import study

    return study.evolve(cells, task, **settings)


def train(cell: AnyCell, task: str, directory: str | Path, **options: Any) -> RunResult:
    """One long training, in a directory of its own; options as in `fenas_lang.runs.train`.

    `fenas_lang.runs` also has `resume`, `evaluate` and `predict`.
    """
    from fenas_lang import runs

    return runs.train(cell, task, directory, **options)


def _cell(cell: AnyCell) -> Cell:
    from fenas_lang.check import loader

    return loader.resolve(cell)


def _space(reference: str | Path | None) -> Space | None:
    from fenas_lang.spaces.reader import load_space

    return None if reference is None else load_space(reference)
