"""The recurrent layers of PyTorch as cells, and which of them a cell is.

The equations are those of the documentation of `torch.nn.RNN`, `LSTM` and `GRU`.  Where two biases
are only ever added, they are one parameter here (b_ih + b_hh); in the GRU's candidate, where the
reset gate stands between them, they stay two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from fenas_lang.check.loader import loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.renaming import canonical_form, verify_renaming


@dataclass(frozen=True)
class Slot:
    """Where a parameter lives in PyTorch's module.

    `symbol` is its name in the documentation; it is block number `block` of H rows of the tensors
    `weight_ih_l0` and so on that `tensors` names, which are summed.
    """

    symbol: str
    tensors: tuple[str, ...]
    block: int


@dataclass(frozen=True)
class Reference:
    """A layer of PyTorch: its equations as .fen, and the slot of each of their parameters."""

    name: str
    text: str = field(repr=False)
    slots: Mapping[str, Slot] = field(repr=False)

    @cached_property
    def graph(self) -> Graph:
        return expand(lower(loads(self.text)))


@dataclass(frozen=True)
class Recognition:
    """A cell is exactly a reference: `correspondence` maps its parameters to the reference's.

    `ignored` are parameters of the cell that have no influence on its outputs.
    """

    reference: Reference
    correspondence: Mapping[str, Slot]
    ignored: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as `torch.nn.GRU`."""
        return self.reference.name


def recognise(graph: Graph) -> Recognition | None:
    """The reference that a cell is, by normal form up to a renaming of parameters.

    Raises OutOfBudget where the cell is too large to tell.
    """
    form = canonical_form(graph)
    if form.digest not in _known():
        return None
    reference, parameters = _known()[form.digest]
    renaming = dict(zip(form.parameters, parameters, strict=True))
    if not verify_renaming(graph, reference.graph, renaming):
        return None
    slots = {name: reference.slots[other] for name, other in renaming.items()}
    ignored = tuple(p.name for p in graph.parameters if p.name not in renaming)
    return Recognition(reference, slots, ignored)


@cache
def _known() -> Mapping[str, tuple[Reference, tuple[str, ...]]]:
    """References and their parameters in canonical order, by the digest of that form."""
    forms = [(reference, canonical_form(reference.graph)) for reference in REFERENCES]
    return {form.digest: (reference, form.parameters) for reference, form in forms}


def _slots(blocks: str, separate: str = "") -> dict[str, Slot]:
    """Slots of nodes `f(@x, @h_prev)` that are called as the documentation names their blocks.

    A block in `separate` has two nodes, called `nx` and `nh` for `n`, with a bias each.
    """
    slots: dict[str, Slot] = {}
    for block, letter in enumerate(blocks):
        inner, outer = (f"{letter}x", f"{letter}h") if letter in separate else (letter, letter)
        slots[f"{inner}.x"] = Slot(f"W_i{letter}", ("weight_ih",), block)
        slots[f"{outer}.h_prev"] = Slot(f"W_h{letter}", ("weight_hh",), block)
        if letter in separate:
            slots[f"{inner}.bias"] = Slot(f"b_i{letter}", ("bias_ih",), block)
            slots[f"{outer}.bias"] = Slot(f"b_h{letter}", ("bias_hh",), block)
        else:
            both = f"b_i{letter} + b_h{letter}"
            slots[f"{letter}.bias"] = Slot(both, ("bias_ih", "bias_hh"), block)
    return slots


REFERENCES = (
    Reference(
        "torch.nn.RNN",
        "cell RNN in open (x, h_prev) -> h { h = tanh(@x, @h_prev) }",
        _slots("h"),
    ),
    Reference(
        "torch.nn.RNN(nonlinearity='relu')",
        "cell RNN in open (x, h_prev) -> h { h = relu(@x, @h_prev) }",
        _slots("h"),
    ),
    Reference(
        "torch.nn.LSTM",
        """
        cell LSTM in open (x, h_prev, c_prev) -> (h, c) {
            i = sigmoid(@x, @h_prev)
            f = sigmoid(@x, @h_prev)
            g = tanh(@x, @h_prev)
            o = sigmoid(@x, @h_prev)
            c = f * c_prev + i * g
            h = o * tanh(c)
        }
        """,
        _slots("ifgo"),
    ),
    Reference(
        "torch.nn.GRU",
        """
        cell GRU in open (x, h_prev) -> h {
            r  = sigmoid(@x, @h_prev)
            z  = sigmoid(@x, @h_prev)
            nx = identity(@x)
            nh = identity(@h_prev)
            n  = tanh(nx + r * nh)
            h  = (1 - z) * n + z * h_prev
        }
        """,
        _slots("rzn", separate="n"),
    ),
)
"""The layers of `torch.nn`; torch keeps the rows of their blocks in the order given here."""
