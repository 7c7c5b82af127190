"""`ir`: the live cell over primitives, in static single assignment."""

from __future__ import annotations

from fenas_lang.emit.plain import documentation_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.ir.text import graph_text


def emit(stages: Stages) -> str:
    """The dump of the graph that every backend, the interpreter and the prover read."""
    comments = "".join(f"# {line}".rstrip() + "\n" for line in documentation_lines(stages.cell))
    return comments + graph_text(stages.graph)
