"""FEN240-249: the analysis of a cell."""

from __future__ import annotations

from fenas_lang.rules import Rule

SIZES = Rule(
    "FEN240",
    "a size that is not a positive whole number",
    "{name} is {value}, but a size is a whole number of at least 1",
    "Parameters and operations are counted for vectors of these sizes; the input's is D, that of"
    " every other value H.",
    bad="fenasc analyze gru.fen --input-size 0",
    good="fenasc analyze gru.fen --input-size 300 --hidden-size 512",
    language="text",
)
