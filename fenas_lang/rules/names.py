"""Diagnostics about names: FEN012 to FEN029."""

from fenas_lang.diagnostics import WARNING
from fenas_lang.rules import Rule, example

_GOOD = example("h = tanh(@x, @h_prev)")

UNKNOWN_NAME = Rule(
    "FEN012",
    "a name that nothing defines",
    "`{name}` is not defined",
    "A node reads the cell's input, its states and the nodes above it, by the names that the "
    "header "
    "or their own lines give them.",
    bad=example("h = tanh(@x, @h_pre)"),
    good=_GOOD,
    hint="did you mean `{suggestion}`?",
)
USED_BEFORE = Rule(
    "FEN013",
    "a node that is used before it is defined",
    "`{name}` is used here, but defined only in line {line}",
    "Nodes are computed from top to bottom, so a node reads only what stands above it. What comes "
    "from the time step before is a state, named in the header.",
    bad=example("h = tanh(@x, @a)", "a = sigmoid(@x, @h_prev)"),
    good=example("a = sigmoid(@x, @h_prev)", "h = tanh(@x, @a)"),
    hint="{hint}",
)
DEFINED_TWICE = Rule(
    "FEN014",
    "a name that is defined twice",
    "`{name}` is already defined in line {line}",
    "Every name of a cell stands for one value: an input, a state or a node. The same holds for "
    "the "
    "names of cells and functions in a file.",
    bad=example("h = tanh(@x, @h_prev)", "h = sigmoid(@x, @h_prev)"),
    good=example("a = tanh(@x, @h_prev)", "h = sigmoid(@x, @a)"),
    hint="choose another name",
)
RESERVED = Rule(
    "FEN015",
    "a reserved word as a name",
    "`{name}` is {what} and cannot be a name",
    "The names of the language's functions, and `gate` and `zero`, cannot name nodes, "
    "parameters or "
    "functions of your own.",
    bad=example("gate = sigmoid(@x, @h_prev)", "h = gate * x"),
    good=example("z = sigmoid(@x, @h_prev)", "h = z * x"),
    hint="choose another name",
)
BAD_IDENTIFIER = Rule(
    "FEN016",
    "a name that the names of parameters need for themselves",
    "the name `{name}` {reason}",
    "Parameters are named after nodes, `r.x` or `edge__r__x` in a state_dict, so a name "
    "contains no "
    "`__`, does not end in `_`, and has at most 255 characters.",
    bad=example("h_ = tanh(@x, @h_prev)", header="cell RNN(x, h_prev) -> h_ {"),
    good=_GOOD,
    hint="choose another name",
)
OUTPUT_COUNT = Rule(
    "FEN017",
    "as many outputs as states",
    "this cell has {states} but {outputs}",
    "Output k is the next value of state k, so there are as many outputs as states. The first "
    "output is also what the layer emits.",
    bad=example("h = tanh(@x, @h_prev)", header="cell RNN(x, h_prev, c_prev) -> h {"),
    good=example(
        "h = tanh(@x, @h_prev)",
        "c = c_prev + h",
        header="cell Sum in open (x, h_prev, c_prev) -> (h, c) {",
    ),
    hint="write `-> ({example})`",
)
NO_STATE = Rule(
    "FEN018",
    "a cell without input or state",
    "a cell needs an input and at least one state",
    "The first parameter is the input of the time step, each further one a state that the cell "
    "carries to the next step.",
    bad=example("h = tanh(@x)", header="cell Feedforward(x) -> h {"),
    good=_GOOD,
    hint="write `cell {name}(x, h_prev) -> h`",
)
DEAD_NODE = Rule(
    "FEN020",
    "a node that nothing depends on",
    "no output depends on `{name}`",
    "A dead node owns no parameters and computes nothing. A search makes them often; in a cell "
    "that "
    "a person wrote it is usually a mistake.",
    bad=example("a = sigmoid(@x)", "h = tanh(@x, @h_prev)"),
    good=_GOOD,
    hint="use it or remove it",
    severity=WARNING,
)
UNKNOWN_FUNCTION = Rule(
    "FEN021",
    "a function that nothing defines",
    "there is no function `{name}`",
    "The functions of the language are listed in its reference; your own are defined by `fn` above "
    "the cell, or in its space.",
    bad=example("h = tahn(@x, @h_prev)"),
    good=_GOOD,
    hint="did you mean `{suggestion}`?",
)
FUNCTION_BEFORE = Rule(
    "FEN022",
    "a function that is used before it is defined",
    "the function `{name}` is used here, but defined only in line {line}",
    "A function is defined above its first use.",
    bad=example("h = twice(x)") + "\n\nfn twice(a) = a + a",
    good="fn twice(a) = a + a\n\n" + example("a = twice(x)", "h = a + h_prev"),
    hint="move `fn {name}` up",
)
RECURSION = Rule(
    "FEN023",
    "a function that calls itself",
    "the function `{name}` calls itself",
    "A call is replaced by the nodes of the function's body, so a function cannot be part of its "
    "own body. Repetition over time is what a state is for.",
    bad="fn f(a) = a + f(a)\n\n" + example("h = f(h_prev)"),
    good="fn f(a) = a + a\n\n" + example("b = f(h_prev)", "h = b + x"),
    hint="write the body without `{name}`",
)
BODY_IS_PARAMETER = Rule(
    "FEN026",
    "a function whose body is just a parameter",
    "the body of `{name}` is only its parameter",
    "A function makes at least one node.",
    bad="fn same(a) = a\n\n" + example("h = same(h_prev)"),
    good="fn same(a) = identity(a)\n\n" + example("b = same(h_prev)", "h = b + x"),
    hint="write `identity({parameter})`",
)
FREE_NAME = Rule(
    "FEN027",
    "a function that reaches outside",
    "`{name}` is not a parameter of `{function}`",
    "A function sees nothing but its parameters, so that a call means the same everywhere.",
    bad="fn f(a) = a + x\n\n" + example("h = f(h_prev)"),
    good="fn f(a, x) = a + x\n\n" + example("h = f(h_prev, x)"),
    hint="did you mean `{suggestion}`?",
)
UNKNOWN_SPACE = Rule(
    "FEN028",
    "a search space that is not there",
    "there is no space `{name}`",
    "`in NAME` looks for NAME.space beside the file, then among the shipped spaces: fenas, enas, "
    "darts, nas_bench_nlp and open.",
    bad=example("h = tanh(@x, @h_prev)", header="cell RNN in fenass (x, h_prev) -> h {"),
    good=example("h = tanh(@x, @h_prev)", header="cell RNN in fenas (x, h_prev) -> h {"),
    hint="did you mean `{suggestion}`?",
)
