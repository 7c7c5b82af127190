"""FEN200-209: a layer that cannot be built from a cell."""

from __future__ import annotations

from fenas_lang.rules import Rule

BAD_SIZE = Rule(
    "FEN200",
    "a size that is no positive whole number",
    "{name} must be a positive whole number, not {value}",
    "`input_size` (D) and `hidden_size` (H) count the components of a time step's input and of a"
    " state, `num_layers` the cells stacked on each other.",
    bad="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=300, hidden_size=0)
""",
    good="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20)
""",
    language="python",
)

NOT_SQUARE = Rule(
    "FEN201",
    "a layer receives another number of values than the cell can use unweighted",
    "layer {layer} of {layers} receives {given} values, and {use} uses them unweighted",
    "A plain, elementwise or skip edge from the input adds or multiplies it with values of size H,"
    " so the input must have size H too.  The first layer receives `input_size` values, every"
    " further one what the layer below gives: H, or 2H where that is bidirectional.  Nothing is"
    " inserted to make it fit: put a `Linear` of your own in front, or write the edge with `@`.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = x * h }")
fen.compile(cell, input_size=30, hidden_size=20)
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = x * h }")
fen.compile(cell, input_size=20, hidden_size=20)
""",
    hint="{hint}",
    language="python",
)

BAD_PROBABILITY = Rule(
    "FEN202",
    "a dropout that is no probability",
    "{name} must be a number from 0 to 1, not {value}",
    "`dropout` is the probability that a value between two layers is dropped, as in `nn.LSTM`;"
    " those of `variational` that a component of an operand is dropped for a whole sequence.",
    bad="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, num_layers=2, dropout=50)
""",
    good="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, num_layers=2, dropout=0.5)
""",
    language="python",
)

UNKNOWN_MASK = Rule(
    "FEN203",
    "a kind of variational dropout that there is not",
    "variational has no `{name}`",
    "Variational dropout masks the operands of weighted edges, and draws the masks once a sequence:"
    " `x` those from the input, `h` those from a state, `edges` those from the cell's own nodes.",
    bad="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, variational={"hidden": 0.5})
""",
    good="""
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, variational={"x": 0.2, "h": 0.5})
""",
    hint="its keys are `x`, `h` and `edges`",
    language="python",
)

BAD_DTYPE = Rule(
    "FEN204",
    "parameters that could not be trained",
    "dtype must be a floating point type, not {dtype}",
    "A layer's parameters take gradients, so they are `torch.float32`, `torch.float64`,"
    " `torch.bfloat16` or another floating point type.",
    bad="""
import torch
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, dtype=torch.int64)
""",
    good="""
import torch
import fenas_lang as fen
fen.compile("gru.fen", input_size=30, hidden_size=20, dtype=torch.float64)
""",
    language="python",
)
