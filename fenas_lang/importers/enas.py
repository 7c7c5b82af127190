"""ENAS cells as the authors' corrected implementation writes them.

Numbers in one line, two a node: the node that it reads, and its activation (0 tanh, 1 relu,
2 sigmoid, 3 identity), as in `0 2 1 0 2 1 2 2 4 0 5 0 3 2 6 2`.  Node 0 is always tanh and not
listed.  The output is the mean of all nodes after it.
Source: google-research/google-research, enas_lm (Pham et al. 2018).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fenas_lang.importers import ALL, LOOSE
from fenas_lang.importers._highway import Highway
from fenas_lang.rules.importers import ACTIVATION, NO_NODES, NOT_A_NUMBER, WRONG_COUNT
from fenas_lang.syntax.ast import Cell

GOOGLE_RESEARCH, ORIGINAL = "google-research", "original"


@dataclass(frozen=True)
class _Encoding:
    """Activations by code; whether node 0's comes first; what is averaged."""

    activations: tuple[str, ...]
    lists_first: bool
    output: str
    count: str
    hint: str


ENCODINGS = {
    GOOGLE_RESEARCH: _Encoding(
        ("tanh", "relu", "sigmoid", "identity"),
        False,
        ALL,
        "two for each node",
        "the first release of ENAS writes one more number, for node 0: use the form enas_original",
    ),
    ORIGINAL: _Encoding(
        ("tanh", "relu", "identity", "sigmoid"),
        True,
        LOOSE,
        "one for node 0 and two for each node after it",
        "the corrected ENAS writes none for node 0: use the form enas",
    ),
}


def from_string(
    text: str, form: str = GOOGLE_RESEARCH, output: str | None = None, name: str = "ENAS"
) -> Cell:
    """The cell of an ENAS string.

    `form` is `google-research` (the corrected release) or `original` (the paper's, which the
    authors withdrew); they differ in the codes, in the number for node 0, and in the output if
    `output` is None: the mean of `all` nodes, or of the `loose` ends.
    Raises FenError (FEN301-304, FEN308).
    """
    encoding = ENCODINGS[form]
    numbers = _numbers(text, form)
    if len(numbers) % 2 != encoding.lists_first:
        raise WRONG_COUNT.error(
            count=len(numbers), form=form, expected=encoding.count, hint=encoding.hint
        )
    first = numbers.pop(0) if encoding.lists_first else 0
    nodes = tuple(
        (_activation(code, number, form), predecessor)
        for number, (predecessor, code) in enumerate(
            zip(numbers[::2], numbers[1::2], strict=True), 1
        )
    )
    highway = Highway(nodes, form, _activation(first, 0, form))
    averaged = highway.all if (output or encoding.output) == ALL else highway.loose_ends
    return highway.cell(name, averaged, ("enas",))


def read(text: str, name: str, output: str | None) -> Cell:
    return from_string(text, GOOGLE_RESEARCH, output, name)


def _numbers(text: str, form: str) -> list[int]:
    words = text.replace(",", " ").split()
    for word in words:
        if not re.fullmatch("[0-9]{1,9}", word):
            found = word if len(word) <= 40 else f"{word[:37]}..."
            raise NOT_A_NUMBER.error(found=found, form=form)
    if not words:
        raise NO_NODES.error()
    return [int(word) for word in words]


def _activation(code: int, node: int, form: str) -> str:
    names = ENCODINGS[form].activations
    if code < len(names):
        return names[code]
    listed = ", ".join(f"{k} {name}" for k, name in enumerate(names))
    raise ACTIVATION.error(node=node, found=code, form=form, activations=listed)
