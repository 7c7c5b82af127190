"""A direction of a layer in the native engine: the kernel called at once, or as an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from fenas_lang.emit.torch_frame import RecurrentLayer, Stack, _attribute
from fenas_lang.emit.torch_sweep import Result, States
from fenas_lang.engine.kept import Kept
from fenas_lang.engine.native import NativeCell
from fenas_lang.engine.serving import serves, takes
from fenas_lang.engine.steps import steps_of

_kept_of: WeakKeyDictionary[RecurrentLayer, Kept] = WeakKeyDictionary()
"""Not in the layer: a pickled emitted module must not need this package."""


def run(
    cell: NativeCell,
    layer: RecurrentLayer,
    rows: Tensor,
    sizes: Sequence[int],
    states: States,
    stack: Stack,
    reverse: bool,
    masks: Mapping[str, Tensor] | None = None,
) -> Result | None:
    """The output of every row and the states at the end; None where torch operations must do it."""
    if torch.compiler.is_compiling():
        from fenas_lang.engine import operator  # what it marks would load the whole compiler

        if masks is not None:
            return None
        return operator.run(operator.traced(cell), layer, rows, sizes, states, stack, reverse)
    if not serves(rows, sizes):
        return None
    assert isinstance(stack, partial)
    (prefix,) = stack.args
    weights = _weights(layer, prefix)
    if not takes(rows, (*states, *weights.values())):
        return None
    name = (masks is None, prefix)
    keep = partial(_kept(layer).ready, name, tuple(weights.values()), rows.dtype)
    edges = weights if layer.bias else _with_zeros(layer, weights, rows)
    return cell.run(rows, steps_of(sizes, reverse), states, edges, keep, masks or {})


def _kept(layer: RecurrentLayer) -> Kept:
    found = _kept_of.get(layer)
    return _kept_of.setdefault(layer, Kept()) if found is None else found


def _weights(layer: RecurrentLayer, prefix: str) -> dict[str, Tensor]:
    """The parameters of one layer and direction by the names of the cell's edges."""
    own = layer._parameters
    names = tuple(layer.edge_shapes)
    found: dict[str, Tensor] = {}
    for name, attribute in zip(names, _attributes(names, prefix), strict=True):
        if layer.bias or not name.endswith(".bias"):
            registered = own.get(attribute)
            found[name] = getattr(layer, attribute) if registered is None else registered
    return found


def _with_zeros(
    layer: RecurrentLayer, weights: Mapping[str, Tensor], rows: Tensor
) -> dict[str, Tensor]:
    zeros = rows.new_zeros(layer.hidden_size)
    return {name: weights.get(name, zeros) for name in layer.edge_shapes}


@lru_cache(maxsize=256)
def _attributes(edges: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """The attributes of a layer that hold the parameters of edges."""
    return tuple(_attribute(prefix + edge) for edge in edges)
