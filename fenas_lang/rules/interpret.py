"""FEN250-259: values that the NumPy interpreter is given."""

from __future__ import annotations

from fenas_lang.rules import Rule

STATE_COUNT = Rule(
    "FEN250",
    "wrong number of states",
    "this cell has {expected} ({names}), and {given} given",
    "A step takes one array for each state of the cell's header, in header order.",
    bad="""
import fenas_lang as fen
fen.interpret("LSTM", x=[0.5], states=[[0.0]], parameters={})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell S(x, h, c) -> (n, m) { m = tanh(x); n = m + c }")
fen.interpret(cell, x=[0.5], states=[[0.0], [0.0]], parameters={})
""",
    language="python",
)

MISSING_PARAMETERS = Rule(
    "FEN251",
    "a parameter has no value",
    "{names} {verb} missing from the parameters",
    "Every weight and bias of a live node needs a value.  A node `r` that reads `@x` has the matrix"
    " `r.x` and the vector `r.bias`; `fenasc analyze` lists them all.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell R(x, h) -> n { n = tanh(@x, @h) }")
fen.interpret(cell, x=[0.5], states=[[0.0]], parameters={"n.x": [[1.0]], "n.h": [[1.0]]})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell R(x, h) -> n without bias { n = tanh(@x, @h) }")
fen.interpret(cell, x=[0.5], states=[[0.0]], parameters={"n.x": [[1.0]], "n.h": [[1.0]]})
""",
    language="python",
)

UNKNOWN_PARAMETERS = Rule(
    "FEN252",
    "a value for a parameter that the cell does not have",
    "this cell has no parameter {names}",
    "A value that no node would read is most often a misspelling, so it is an error.  Dead nodes"
    " own no parameters.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[0.5], states=[[0.0]], parameters={"n.x": [[1.0]]})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[0.5], states=[[0.0]], parameters={})
""",
    hint="did you mean {suggestion}?",
    language="python",
)

PARAMETER_SHAPE = Rule(
    "FEN253",
    "a parameter's value has the wrong shape",
    "{name} has shape {expected} = {symbols}, and the given value has shape {given}",
    "The sizes D and H are those of `x` and of the states.  A matrix has H rows, and as many"
    " columns as the value that it multiplies has components.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell R(x, h) -> n without bias { n = tanh(@x) }")
fen.interpret(cell, x=[0.5, 0.1], states=[[0.0]], parameters={"n.x": [[1.0]]})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell R(x, h) -> n without bias { n = tanh(@x) }")
fen.interpret(cell, x=[0.5, 0.1], states=[[0.0]], parameters={"n.x": [[1.0, 2.0]]})
""",
    language="python",
)

VALUE_SHAPES = Rule(
    "FEN254",
    "shapes of input and states do not fit each other",
    "the input has shape {input} and the states {states}: {problem}",
    "`x` has shape (..., D) and every state (..., H), all states with the same H; the dimensions"
    " before the last follow NumPy's broadcasting.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[[0.5], [0.1]], states=[[[0.0], [0.0], [0.0]]], parameters={})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[[0.5], [0.1]], states=[[[0.0], [0.0]]], parameters={})
""",
    language="python",
)

SQUARE_VALUES = Rule(
    "FEN255",
    "an input of another size than the states is used unweighted",
    "the input has {input_size} components and the states have {hidden_size}, but this cell uses"
    " its input unweighted, so both must be the same",
    "A plain, elementwise or skip edge from the input adds or multiplies it with values of size H,"
    " which forces D = H.  Put a weight on the edge (`identity(@x)`), or give an input of size H.",
    bad="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[0.5], states=[[0.0, 0.0]], parameters={})
""",
    good="""
import fenas_lang as fen
cell = fen.loads("cell P(x, h) -> n { n = tanh(x, h) }")
fen.interpret(cell, x=[0.5, 0.1], states=[[0.0, 0.0]], parameters={})
""",
    language="python",
)
