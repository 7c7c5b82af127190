"""`ir`: the live cell over primitives, in static single assignment."""

from __future__ import annotations

from fenas_lang.emit.plain import comment_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.ir.text import graph_text


def emit(stages: Stages) -> str:
    """The dump of the graph that every backend, the interpreter and the prover read."""
    return "\n".join([*comment_lines(stages.cell, "#"), graph_text(stages.graph)])
