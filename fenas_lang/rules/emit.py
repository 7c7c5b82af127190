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

NO_ONNX = Rule(
    "FEN233",
    "the package for ONNX models is missing",
    "writing an ONNX model needs the package `onnx`: {reason}",
    """
ONNX is a format that many runtimes read: onnxruntime, OpenVINO, TensorRT and others. The package
`onnx` writes it; it is no part of the plain installation. To run a model, install a runtime, such
as `pip install onnxruntime`.
""",
    bad="fenasc compile gru.fen --emit onnx -o gru.onnx",
    good="pip install 'fenas-lang[onnx]' && fenasc compile gru.fen --emit onnx -o gru.onnx",
    hint="pip install 'fenas-lang[onnx]'",
    language="text",
)

BYTES_ON_TERMINAL = Rule(
    "FEN234",
    "bytes that a terminal cannot show",
    "this target is no text, so it is not written to the terminal",
    """
An ONNX model is a binary file. Give it a name with `-o`, or send it into a pipe or a file.
""",
    bad="fenasc compile gru.fen --emit onnx",
    good="fenasc compile gru.fen --emit onnx -o gru.onnx",
    hint="`-o FILE` writes it to a file",
    language="text",
)

TOO_LARGE_FOR_ONNX = Rule(
    "FEN235",
    "too large for an ONNX model",
    "weights of {size} GiB are too large for an ONNX model: less than 2 GiB fit into one",
    """
A model is one message of Protocol Buffers, and those are below 2 GiB.
""",
    bad="fenasc compile lstm.fen --emit onnx --hidden-size 20000 -o lstm.onnx",
    good="fenasc compile lstm.fen --emit onnx --hidden-size 2000 -o lstm.onnx",
    hint="make the sizes smaller, or export in half precision: `layer.half().to_onnx(path)`",
    language="text",
)

UNKNOWN_TO_ONNX = Rule(
    "FEN236",
    "weights of a type that is not exported",
    "weights of type {dtype} are not exported; those of {dtypes} are",
    """
Runtimes have the operators that cells need in these types. A layer is converted as any module of
PyTorch is, by `layer.float()`, `layer.half()` or `layer.double()`.
""",
    bad="""
import torch
import fenas_lang as fen
fen.compile("gru.fen", 3, 4, dtype=torch.bfloat16).to_onnx("gru.onnx")
""",
    good="""
import torch
import fenas_lang as fen
fen.compile("gru.fen", 3, 4, dtype=torch.bfloat16).float().to_onnx("gru.onnx")
""",
    hint="`layer.float().to_onnx(path)` exports it in single precision",
    language="python",
)
