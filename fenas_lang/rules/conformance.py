"""Diagnostics about a cell and its search space: FEN050 to FEN069, and limits: FEN070."""

from fenas_lang.rules import Rule, example

_GOOD = example("h = tanh(@x, @h_prev)")
_DARTS = "cell D in darts (x, h_prev) -> h without bias {"
_DARTS_GOOD = example("s0 = first(x, h_prev)", "s1 = relu_skip(s0)", "h = mean(s1)", header=_DARTS)

FUNCTION = Rule(
    "FEN050",
    "a function that the space does not have",
    "the space `{space}` has no {function}",
    "A search space lists the functions that a node may compute. `in open` allows all of them.",
    bad=example("h = gelu(@x, @h_prev)"),
    good=example("h = gelu(@x, @h_prev)", header="cell RNN in open (x, h_prev) -> h {"),
    hint="{hint}",
)
FORM = Rule(
    "FEN051",
    "edges of a kind that the space does not allow",
    "in `{space}`, the edges of `{function}` are {allowed}, but here they are {found}",
    "In FENAS a node's edges are all weighted or all plain; `add`, `sub` and `mul` have plain "
    "edges.",
    bad=example("h = tanh(@x, h_prev)"),
    good=_GOOD,
    hint="{hint}",
)
PARENTS = Rule(
    "FEN052",
    "a number of parents that the space does not allow",
    "in `{space}`, `{function}` has {allowed}, but here it has {found}",
    "A search space bounds how many values a node may read. In FENAS every node has one or two; "
    "more "
    "are had by more nodes.",
    bad=example("a = x * h_prev", "h = tanh(@x, @h_prev, @a)"),
    good=example("a = identity(@x, @h_prev)", "b = identity(@a)", "h = tanh(a, b)"),
    hint="{hint}",
)
ZERO = Rule(
    "FEN053",
    "`zero` where the space does not allow it",
    "in `{space}`, `zero` stands {allowed}",
    "In FENAS the zero node stands in for the missing second parent of an activation or skip.",
    bad=example("h = tanh(zero, x)"),
    good=example("a = tanh(x, zero)", "h = a + h_prev"),
    hint="{hint}",
)
STATES = Rule(
    "FEN054",
    "a number of states that the space does not allow",
    "a cell in `{space}` has {allowed}, but this one has {found}",
    "A search space says how many states its cells carry: FENAS one, or two (h and c).",
    bad=example("h = tanh(@x, @a)", header="cell Three(x, a, b, c) -> (h, h, h) {"),
    good=example("h = tanh(@x, @a)", header="cell Three in open (x, a, b, c) -> (h, b, c) {"),
    hint="{hint}",
)
BIAS = Rule(
    "FEN055",
    "a bias that the space does not allow",
    "cells in `{space}` {demand}",
    "A space may require `without bias`, as ENAS and DARTS do, or forbid it.",
    bad=_DARTS_GOOD.replace(" without bias", ""),
    good=_DARTS_GOOD,
    hint="{hint}",
)
OUTPUT_RULE = Rule(
    "FEN056",
    "an output that the space's rule does not allow",
    "the output of a cell in `{space}` is {allowed}, and `{name}` is not",
    "A space says how the first output is formed: the last node, the mean of exactly the loose "
    "ends "
    "(the nodes that no node reads), or the mean of all nodes.",
    bad=example("h = tanh(@x, @h_prev)", "a = h * x"),
    good=example("a = tanh(@x, @h_prev)", "h = a * x"),
    hint="{hint}",
)
OUTPUT_NODE = Rule(
    "FEN057",
    "an output that is no node",
    "`{name}` is {what}; an output of a cell in `{space}` is a node",
    "Only the space `open` lets an input or a state be an output.",
    bad=example("h = tanh(@x, @c_prev)", header="cell Two(x, h_prev, c_prev) -> (h, h_prev) {"),
    good=example(
        "h = tanh(@x, @c_prev)", header="cell Two in open (x, h_prev, c_prev) -> (h, h_prev) {"
    ),
    hint="write `c = identity({name})` and use `c`",
)
FIRST = Rule(
    "FEN058",
    "a cell that does not begin as its space demands",
    "a cell in `{space}` begins with `{first}({arguments})`, and calls `{first}` nowhere else",
    "In ENAS and DARTS the first node mixes the input with the state, and all others read nodes.",
    bad=example("s0 = first(x, h_prev)", "s1 = first(x, s0)", "h = mean(s1)", header=_DARTS),
    good=_DARTS_GOOD,
)
LITERAL = Rule(
    "FEN059",
    "a literal in a space without literals",
    "the space `{space}` has no numbers",
    "Numeric literals are for cells `in open`.",
    bad=example("a = tanh(@x, @h_prev)", "h = 0.5 * a"),
    good=example("h = 0.5 * tanh(@x, @h_prev)", header="cell Half in open (x, h_prev) -> h {"),
    hint="write `cell {name} in open`",
)
NODE_PARENT = Rule(
    "FEN060",
    "an input where the space wants a node",
    "in `{space}`, `{function}` reads nodes, and `{name}` is {what}",
    "In ENAS and DARTS only the first node reads the input and the state.",
    bad=example("s0 = first(x, h_prev)", "s1 = relu_skip(x)", "h = mean(s1)", header=_DARTS),
    good=_DARTS_GOOD,
)
MEAN = Rule(
    "FEN061",
    "a `mean` that is not the output's",
    "in `{space}`, `mean` forms the output and nothing else",
    "Where an output rule averages nodes, the mean stands at the end and no node reads it.",
    bad=example("a = tanh(@x, @h_prev)", "b = mean(a, x)", "h = b * a"),
    good=example("a = tanh(@x, @h_prev)", "b = a * x", "d = a - x", "h = mean(b, d)"),
    hint="use `+`, or write the cell `in open`",
)
TOO_MANY_NODES = Rule(
    "FEN070",
    "a cell with too many nodes",
    "this cell has more than {limit:,} nodes after lowering",
    "Nested expressions and calls of functions count as the nodes that they become.",
    bad="fn f0(a) = a * a\n"
    + "".join(f"fn f{k}(a) = f{k - 1}(a) * f{k - 1}(a)\n" for k in range(1, 13))
    + example("h = f12(h_prev)"),
    good="fn f0(a) = a * a\n" + example("b = f0(h_prev)", "h = b * x"),
    hint="make the cell smaller",
)
