"""Recurrent genotypes of DARTS, as it prints them.

`Genotype(recurrent=[('relu', 0), ('tanh', 1)], concat=range(1, 3))`, or the list alone: of each
node after node 0 its activation (tanh, relu, sigmoid, identity) and the node that it reads.  The
output is the mean of the nodes in `concat`, without it of all nodes.
Source: quark0/darts, rnn/genotypes.py and rnn/model.py (Liu et al. 2019).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fenas_lang.importers import LOOSE
from fenas_lang.importers._genotype_text import GenotypeReader
from fenas_lang.importers._highway import Highway
from fenas_lang.rules.importers import CONCAT
from fenas_lang.syntax.ast import Cell


def from_genotype(genotype: Any, name: str = "DARTS", output: str | None = None) -> Cell:
    """The cell of a genotype, given as text, as a list of pairs, or as DARTS's own `Genotype`.

    `output` (`all` or `loose`) replaces `concat`.  In the space darts, or enas where the mean is of
    the loose ends, else in `open`.  Raises FenError (FEN303-306, FEN308).
    """
    if isinstance(genotype, str):
        nodes, concat = GenotypeReader(genotype).genotype()
    else:
        nodes = [(str(f), int(p)) for f, p in getattr(genotype, "recurrent", genotype)]
        concat = getattr(genotype, "concat", None)
    highway = Highway(tuple(nodes), "darts")
    highway.check()
    if output is not None:
        concat = highway.loose_ends if output == LOOSE else None
    averaged = highway.all if concat is None else _averaged(concat, len(nodes))
    return highway.cell(name, averaged, ("darts", "enas"))


def read(text: str, name: str, output: str | None) -> Cell:
    return from_genotype(text, name, output)


def _averaged(concat: Iterable[int], last: int) -> tuple[int, ...]:
    """The numbers in `concat`, in order; each must be that of a node, and stand there once."""
    seen: set[int] = set()
    for number in concat:
        if not 0 <= number <= last:
            raise CONCAT.error(problem=f"has a node {number}", nodes=f"0 to {last}")
        if number in seen:
            raise CONCAT.error(problem=f"has node {number} twice", nodes=f"0 to {last}")
        seen.add(number)
    if not seen:
        raise CONCAT.error(problem="is empty", nodes=f"0 to {last}")
    return tuple(sorted(seen))
