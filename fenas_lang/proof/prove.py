"""`prove`: two cells, or a cell and a layer of PyTorch, in; a verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fenas_lang.check.check import space_of
from fenas_lang.check.loader import loads, resolve
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.certificate import Document, certificate
from fenas_lang.proof.references import REFERENCES, Reference
from fenas_lang.proof.relate import relate
from fenas_lang.proof.sentence import sentence
from fenas_lang.proof.verdicts import Finding, Kind
from fenas_lang.proof.verification import laws_used
from fenas_lang.registry import suggest
from fenas_lang.rules.files import MISSING_FILE
from fenas_lang.syntax.ast import Cell

TORCH = "torch.nn."
CellOrReference = Cell | str | Path


@dataclass(frozen=True)
class Side:
    """One of the two cells."""

    name: str
    source: str = field(repr=False)
    dataflow: Dataflow = field(repr=False)
    reference: Reference | None = None
    space: str | None = field(default=None, repr=False)
    """The text of its space, where that does not come with the program."""

    @cached_property
    def graph(self) -> Graph:
        return expand(self.dataflow)


@dataclass(frozen=True)
class Verdict:
    """What was proved about A and B.

    `.kind` is a name such as `Equal`; `.correspondence` gives A's parameters in terms of B's (for
    `ContainedIn` B's in terms of A's), as text; `ignored` are parameters without influence.
    """

    finding: Finding
    a: Side
    b: Side

    @property
    def kind(self) -> str:
        return str(self.finding.kind)

    @property
    def correspondence(self) -> Mapping[str, str]:
        return self.finding.correspondence

    @property
    def ignored(self) -> tuple[str, ...]:
        return self.finding.ignored

    @property
    def biases_merged(self) -> bool:
        """Whether a bias stands for two biases of a layer of PyTorch that are only ever added."""
        sides = (self.a.reference, self.b.reference)
        return any(len(slot.tensors) > 1 for side in sides if side for slot in side.slots.values())

    @cached_property
    def certificate(self) -> Document:
        """The JSON object that `verify` checks.  Raises FenError (FEN603) for `Unknown`."""
        spaces = {"a": self.a.space, "b": self.b.space}
        own = {name: text for name, text in spaces.items() if text is not None}
        return certificate(self.finding, self.a.source, self.b.source, self.laws, own)

    @cached_property
    def laws(self) -> tuple[str, ...]:
        """The laws of functions that a positive verdict takes, in the order of first use."""
        if self.finding.kind == Kind.IDENTICAL:
            return ()
        one, two, finding = self.a.graph, self.b.graph, self.finding
        directions = ((one, two, finding.values), (two, one, finding.back))
        used = [laws_used(a, b, values) for a, b, values in directions if values is not None]
        return tuple(dict.fromkeys(law for laws in used for law in laws))

    @property
    def direction(self) -> str | None:
        """Of a containment: `a contains b`, or `b contains a`."""
        names = {Kind.CONTAINS: "a contains b", Kind.CONTAINED_IN: "b contains a"}
        return names.get(self.finding.kind)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        text = sentence(self.finding, (self.a.name, self.a.graph), (self.b.name, self.b.graph))
        merged = self.biases_merged and self.kind == Kind.EQUAL
        return text.replace(f"{self.kind}:", f"{self.kind} (biases merged):") if merged else text

    def __str__(self) -> str:
        return self.sentence


def prove(a: CellOrReference, b: CellOrReference) -> Verdict:
    """The strongest verdict on two cells that is found within the budget.

    Each is a cell, a reference as on the command line, or `torch.nn.LSTM`, `GRU` or `RNN`.
    Raises FenError where one is not there, or does not check.
    """
    one, two = side(a), side(b)
    finding = relate(one.graph, two.graph)
    torch = one.reference or two.reference  # its graph is not PyTorch's: that has more biases
    if not torch and _identical(one.dataflow, two.dataflow):
        finding = Finding(
            Kind.IDENTICAL,
            finding.values if finding.kind == Kind.EQUAL else None,
            finding.back if finding.kind == Kind.EQUAL else None,
            ignored=finding.ignored,
        )
    return Verdict(finding, one, two)


def side(cell: CellOrReference) -> Side:
    """A cell with what the prover needs of it."""
    text = str(cell)
    if isinstance(cell, str) and text.startswith(TORCH):
        reference = _reference(text)
        resolved = loads(reference.text)
        return Side(reference.name, str(resolved), lower(resolved), reference)
    resolved = resolve(cell)
    space = space_of(resolved).source
    own = space.text if space is not None and space.path is not None else None
    return Side(resolved.name, str(resolved), lower(resolved), space=own)


def _reference(name: str) -> Reference:
    known = {reference.name: reference for reference in REFERENCES}
    if name not in known:
        raise MISSING_FILE.error(path=name, suggestion=suggest(name, known))
    return known[name]


def _identical(one: Dataflow, two: Dataflow) -> bool:
    try:
        return canonical_key(one) == canonical_key(two)
    except FenError:
        return False
