"""The map of cells: which of many cells contain which, as far as that is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.partition import Orbits
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.kin import Subject, related
from fenas_lang.proof.references import recognise
from fenas_lang.proof.verdicts import PROVED, Finding, Kind

Watch = Callable[[Sequence[tuple[str, str]]], Iterable[tuple[str, str]]]
Pair = tuple[int, int]
"""Positions of two cells, or of two boxes: the first contains the second."""


@dataclass(frozen=True)
class Box:
    """Cells that are proved to be the same up to a choice of parameters.

    `layers` are the layers of PyTorch that some of them are.
    """

    names: tuple[str, ...]
    states: int
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellMap:
    """`arrows` hold positions of boxes, the containing one first, and whether D = H is assumed.

    Where A contains B and B contains C, there is no arrow from A to C.
    """

    boxes: tuple[Box, ...]
    arrows: Mapping[Pair, bool]

    @property
    def alone(self) -> list[int]:
        """Boxes without an arrow."""
        ends = {box for pair in self.arrows for box in pair}
        return [k for k in range(len(self.boxes)) if k not in ends]

    def title(self, pair: Pair) -> str:
        """An arrow in words."""
        one, two = (" = ".join(self.boxes[k].names) for k in pair)
        return f"{one} contains {two}" + (" where D = H" if self.arrows[pair] else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "boxes": [
                {"names": list(b.names), "states": b.states, "layers": list(b.layers)}
                for b in self.boxes
            ],
            "arrows": [
                {"contains": one, "contained": two, "square": square}
                for (one, two), square in self.arrows.items()
            ],
        }


def cell_map(graphs: Mapping[str, Graph], watched: Watch = iter) -> CellMap:
    """Compare all pairs of cells; `watched` may pass them on and show how far that is."""
    names = list(graphs)
    subjects = {name: Subject(graph) for name, graph in graphs.items()}
    found: dict[Pair, Finding] = {}
    for one, two in watched(list(combinations(names, 2))):
        finding = related(subjects[one], subjects[two])
        if finding is not None:
            found[names.index(one), names.index(two)] = finding
    return arranged([_box(name, graph) for name, graph in graphs.items()], found)


def _box(name: str, graph: Graph) -> Box:
    layer = None
    with suppress(OutOfBudget):
        layer = recognise(graph)
    return Box((name,), len(graph.states), (layer.name,) if layer else ())


def arranged(cells: Sequence[Box], found: Mapping[Pair, Finding]) -> CellMap:
    """Cells that are the same in one box, and only the arrows that others do not imply."""
    same = Orbits()
    same.join(pair for pair, finding in found.items() if finding.kind in PROVED)
    roots = list(dict.fromkeys(same.find(k) for k in range(len(cells))))
    box_of = {k: roots.index(same.find(k)) for k in range(len(cells))}
    members = [[cells[k] for k in box_of if box_of[k] == box] for box in range(len(roots))]
    arrows: dict[Pair, bool] = {}
    for pair, finding in _containments(found):
        ends = box_of[pair[0]], box_of[pair[1]]
        if ends[0] != ends[1]:
            arrows[ends] = arrows.get(ends, True) and finding.square
    return CellMap(tuple(map(_joined, members)), _reduced(arrows))


def _containments(found: Mapping[Pair, Finding]) -> Iterator[tuple[Pair, Finding]]:
    for (one, two), finding in found.items():
        if finding.kind == Kind.CONTAINS:
            yield (one, two), finding
        elif finding.kind == Kind.CONTAINED_IN:
            yield (two, one), finding


def _joined(cells: Sequence[Box]) -> Box:
    return Box(
        tuple(name for cell in cells for name in cell.names),
        cells[0].states,
        tuple(dict.fromkeys(layer for cell in cells for layer in cell.layers)),
    )


def _reduced(arrows: Mapping[Pair, bool]) -> dict[Pair, bool]:
    """Without the arrows that follow from two others, unless these assume D = H and it does not."""
    below: dict[int, set[int]] = {}
    for one, two in arrows:
        below.setdefault(one, set()).add(two)
    return {
        (one, two): square
        for (one, two), square in sorted(arrows.items())
        if not any(
            two in below.get(between, ())
            and (square or not (arrows[one, between] or arrows[between, two]))
            for between in below[one]
        )
    }
