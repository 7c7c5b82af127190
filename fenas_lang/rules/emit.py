"""What `compile --emit` can refuse: FEN230 to FEN239."""

from __future__ import annotations

from fenas_lang.rules import Rule

UNKNOWN_TARGET = Rule(
    "FEN230",
    "unknown target",
    "`{target}` is no target to emit; there are {targets}",
    """
A cell can be emitted as a stage of the compiler (`ast`, `nodes`, `ir`), as code, as equations, as
data or as a drawing. The message lists the targets; `torch` is the one without `--emit`.
""",
    bad="fenasc compile gru.fen --emit pytorch",
    good="fenasc compile gru.fen --emit torch",
    hint="did you mean `{suggestion}`?",
    language="text",
)

NO_DRAWING_ENGINE = Rule(
    "FEN231",
    "nothing to draw with",
    "drawing an SVG needs Graphviz, and none works here: {reasons}",
    """
`--emit svg` has Graphviz place the nodes: the program `dot` where it is installed, else its
WebAssembly build, which `pip install "fenas-lang[drawing]"` brings. `--emit dot` and
`--emit mermaid` need neither: they write the drawing as text for another program.
""",
    bad="fenasc compile gru.fen --emit svg",
    good="fenasc compile gru.fen --emit dot",
    hint='`pip install "fenas-lang[drawing]"`, or install Graphviz so that `dot` is on the PATH',
    language="text",
)

TOO_LARGE_TO_DRAW = Rule(
    "FEN232",
    "too large to draw",
    "a cell of {nodes} nodes is too large to draw; up to {limit} work",
    """
Placing nodes so that few edges cross takes a time that grows with the square of their number and
more, and nobody reads such a drawing. `--emit dot` writes the text for Graphviz all the same, and
`--emit nodes` a list.
""",
    bad="fenasc compile thousands_of_nodes.fen --emit svg",
    good="fenasc compile thousands_of_nodes.fen --emit nodes",
    hint="`--emit dot` writes the text for Graphviz, whatever the size",
    language="text",
)
