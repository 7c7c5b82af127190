"""The shapes of a benchmark: sequence length, batch size, and the sizes of input and state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fenas_lang.rules.bench import BAD_SHAPE


@dataclass(frozen=True, slots=True)
class Shape:
    """T time steps of B sequences, D input values and H values a state."""

    name: str
    time: int
    batch: int
    input_size: int
    hidden_size: int

    @property
    def numbers(self) -> str:
        """`35,64,300`, or with D where that is not H."""
        sizes = (self.time, self.batch, self.input_size, self.hidden_size)
        square = self.input_size == self.hidden_size
        return ",".join(map(str, (*sizes[:2], *sizes[3 if square else 2 :])))


NAMED = {
    name: Shape(name, time, batch, size, size)
    for name, time, batch, size in (
        ("A", 35, 64, 64),
        ("B", 35, 64, 300),
        ("C", 35, 20, 900),
        ("D", 50, 64, 300),
        ("E", 200, 16, 128),
        ("F", 35, 1, 300),
    )
}
GRID = "ABCDE"
"""The shapes over which geometric means are taken; F is a single sequence."""

MOST_VALUES = 2**28
"""Of the input, the output, or a weight: a gigabyte in float32."""


def shapes(text: str) -> tuple[Shape, ...]:
    """Shapes by letter or number, in the order given: `ABC`, `35,64,300`, `E 35,64,200,300`.

    Raises FenError (FEN291).
    """
    words = [word for word in re.split(r"[;\s]+", text) if word]
    if not words:
        raise _bad(text, "it is empty")
    found = [shape for word in words for shape in _shapes(word)]
    return tuple(dict.fromkeys(found))


def _shapes(word: str) -> list[Shape]:
    if set(word.replace(",", "")) <= set(NAMED):
        return [NAMED[letter] for letter in word.replace(",", "")]
    return [_numbered(word)]


def _numbered(word: str) -> Shape:
    parts = word.split(",")
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise _bad(word, "it is neither known letters nor whole numbers")
    numbers = [int(part) for part in parts]
    if len(numbers) not in (3, 4):
        raise _bad(word, f"it has {len(numbers)} of the three or four numbers")
    if min(numbers) < 1:
        raise _bad(word, "all numbers must be at least 1")
    time, batch, *sizes = numbers
    largest = max(sizes) * max(time * batch, *sizes)
    if largest > MOST_VALUES:
        raise _bad(word, f"a tensor would have {largest:,} values, and may have {MOST_VALUES:,}")
    return Shape(",".join(map(str, numbers)), time, batch, sizes[0], sizes[-1])


def _bad(given: str, reason: str) -> Exception:
    return BAD_SHAPE.error(given=given, reason=reason, known=", ".join(NAMED))
