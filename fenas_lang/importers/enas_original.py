"""ENAS cells as the paper's first release writes them, which its authors withdrew.

The activation of node 0, then two numbers a node: the node that it reads, and its activation
(0 tanh, 1 relu, 2 identity, 3 sigmoid), as in `0 0 0 1 1 2 1`.  The output is the mean of the nodes
that no other node reads.
Source: melodyguan/enas, src/ptb (Pham et al. 2018).
"""

from __future__ import annotations

from fenas_lang.importers.enas import ORIGINAL, from_string
from fenas_lang.syntax.ast import Cell


def read(text: str, name: str, output: str | None) -> Cell:
    return from_string(text, ORIGINAL, output, name)
