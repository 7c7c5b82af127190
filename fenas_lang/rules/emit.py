"""What `compile --emit` can refuse: FEN230 to FEN239."""

from __future__ import annotations

from fenas_lang.rules import Rule

UNKNOWN_TARGET = Rule(
    "FEN230",
    "unknown target",
    "there is no target `{target}` to emit",
    """
A cell can be emitted as one of a fixed list of targets: a stage of the compiler (`ast`, `nodes`,
`ir`), code, equations or a drawing. The list is in `fenasc compile --help`, and in the message.
""",
    bad="fenasc compile gru.fen --emit pytorch",
    good="fenasc compile gru.fen --emit torch",
    hint="{suggestion}",
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
