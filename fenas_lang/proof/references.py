"""The recurrent layers of PyTorch as cells, and which of them a cell is.

The equations are those of the documentation of `torch.nn.RNN`, `LSTM` and `GRU`.  Where two biases
are only ever added, they are one parameter here (b_ih + b_hh); in the GRU's candidate, where the
reset gate stands between them, they stay two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from fenas_lang.check.loader import loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.renaming import equal_up_to_renaming, unnamed_form


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

    @property
    def biases_merged(self) -> bool:
        """Whether a parameter of the cell is the sum of two of PyTorch's."""
        return any(len(slot.tensors) > 1 for slot in self.correspondence.values())


def recognise(graph: Graph) -> Recognition | None:
    """The reference that a cell is, by normal form up to a renaming of parameters.

    Raises OutOfBudget where the cell is too large to tell.
    """
    for reference in _by_signature().get(unnamed_form(graph).signature, ()):
        renaming = equal_up_to_renaming(graph, reference.graph)
        if renaming is not None:
            names = [p.name for p in graph.parameters]
            slots = {name: reference.slots[renaming[name]] for name in names if name in renaming}
            ignored = tuple(name for name in names if name not in renaming)
            return Recognition(reference, slots, ignored)
    return None


@cache
def _by_signature() -> Mapping[tuple[object, ...], Sequence[Reference]]:
    found: dict[tuple[object, ...], list[Reference]] = {}
    for reference in REFERENCES:
        found.setdefault(unnamed_form(reference.graph).signature, []).append(reference)
    return found


def slots(blocks: str, separate: str = "") -> dict[str, Slot]:
    """Slots of nodes `f(@x, @h_prev)` that are called as the documentation names their blocks.

    A block in `separate` has two nodes, called `nx` and `nh` for `n`, with a bias each.
    """
    found: dict[str, Slot] = {}
    for block, letter in enumerate(blocks):
        inner, outer = (f"{letter}x", f"{letter}h") if letter in separate else (letter, letter)
        found[f"{inner}.x"] = Slot(f"W_i{letter}", ("weight_ih",), block)
        found[f"{outer}.h_prev"] = Slot(f"W_h{letter}", ("weight_hh",), block)
        if letter in separate:
            found[f"{inner}.bias"] = Slot(f"b_i{letter}", ("bias_ih",), block)
            found[f"{outer}.bias"] = Slot(f"b_h{letter}", ("bias_hh",), block)
        else:
            both = f"b_i{letter} + b_h{letter}"
            found[f"{letter}.bias"] = Slot(both, ("bias_ih", "bias_hh"), block)
    return found


def layers(name: str, text: str, places: Mapping[str, Slot], option: str = "") -> list[Reference]:
    """A layer with and without biases; `option` is a further argument of its constructor."""
    plain = text.replace(" {", " without bias {", 1)
    weights = {name: slot for name, slot in places.items() if not name.endswith("bias")}
    given = f"({option})" if option else ""
    return [
        Reference(f"{name}{given}", text, places),
        Reference(f"{name}({', '.join(filter(None, (option, 'bias=False')))})", plain, weights),
    ]


REFERENCES = (
    *layers(
        "torch.nn.RNN",
        "cell RNN in open (x, h_prev) -> h { h = tanh(@x, @h_prev) }",
        slots("h"),
    ),
    *layers(
        "torch.nn.RNN",
        "cell RNN in open (x, h_prev) -> h { h = relu(@x, @h_prev) }",
        slots("h"),
        "nonlinearity='relu'",
    ),
    *layers(
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
        slots("ifgo"),
    ),
    *layers(
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
        slots("rzn", separate="n"),
    ),
)
"""The layers of `torch.nn`; torch keeps the rows of their blocks in the order given here."""
