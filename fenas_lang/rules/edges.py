"""Diagnostics about edges, arguments and functions: FEN030 to FEN049."""

from fenas_lang.rules import Rule, example

_GOOD = example("h = tanh(@x, @h_prev)")
_OPEN = "cell Open in open (x, h_prev) -> h {"

MISPLACED_WEIGHT = Rule(
    "FEN030",
    "`@` where no weight can be",
    "`@` stands only before a direct argument of an activation",
    "A weighted edge leads into an activation, which adds its edges and a bias: `sigmoid(@x, "
    "@h)` is "
    "sigmoid(W·x + U·h + b). To use a weighted edge elsewhere, make it a node: `identity(@x)`.",
    bad=example("h = sigmoid(@x + @h_prev)"),
    good=example("h = sigmoid(@x, @h_prev)"),
    hint="write `{instead}`",
)
ARITY = Rule(
    "FEN031",
    "the wrong number of arguments",
    "`{function}` takes {expected}, but has {found} here",
    "`add`, `sub` and `mul` take two arguments; activations one or more, their sum is meant; skips "
    "one or two; a function of your own as many as it has parameters.",
    bad=example("a = tanh_skip(x, h_prev, x)", "h = tanh(a)"),
    good=example("a = tanh_skip(x, h_prev)", "h = tanh(a)"),
    hint="{hint}",
)
ALIAS = Rule(
    "FEN032",
    "a second name for the same value",
    "`{name} = {value}` gives a value a second name, which is no node",
    "Every line is a node, one call of a function.",
    bad=example("a = tanh(@x, @h_prev)", "h = a"),
    good=example("a = tanh(@x, @h_prev)", "h = identity(a)"),
    hint="write `{name} = identity({value})`",
)
ZERO_ALONE = Rule(
    "FEN033",
    "`zero` where it cannot be",
    "`zero` stands only as a plain argument of a function",
    "The zero node stands in for a missing parent. It is no value of a node by itself, and carries "
    "no weight.",
    bad=example("a = tanh(@x, @zero)", "h = a + h_prev"),
    good=example("a = tanh(@x, zero)", "h = a + h_prev"),
    hint="{hint}",
)
WEIGHTED_LITERAL = Rule(
    "FEN034",
    "a weight on a literal",
    "a literal carries no weight",
    "A learned matrix times a constant vector is a bias, and every activation with a weighted edge "
    "has one already. The arguments of a skip all have weights.",
    bad=example("h = tanh(@x, @0.5, @h_prev)", header=_OPEN),
    good=example("h = tanh(@x, 0.5, @h_prev)", header=_OPEN),
    hint="{hint}",
)
LITERALS_ONLY = Rule(
    "FEN035",
    "an expression of literals alone",
    "this is an expression of literals alone",
    "A node reads at least one value that is not a literal; constants are written out.",
    bad=example("h = tanh(@x, @h_prev) * (1 + 2)", header=_OPEN),
    good=example("h = tanh(@x, @h_prev) * 3", header=_OPEN),
    hint="{hint}",
)
WEIGHTED_ARGUMENT = Rule(
    "FEN036",
    "`@` in an argument of a function of nodes",
    "`@` cannot stand in an argument of `{function}`",
    "A `fn` is given nodes; the weights are in its body, where `@` may stand before a parameter. "
    "`mean` has no weights either.",
    bad="fn gated(g, a) = sigmoid(@g) * a\n\n" + example("h = gated(@x, h_prev)"),
    good="fn gated(g, a) = sigmoid(@g) * a\n\n" + example("h = gated(x, h_prev)"),
    hint="write `{instead}`",
)
ELEMENTWISE_SKIP = Rule(
    "FEN037",
    "`@.` in a skip function",
    "`{function}` has matrices of its own, so `@.` cannot stand in it",
    "A skip function owns its weights, one matrix an argument and one more for the gate; its "
    "arguments are written bare.",
    bad=example("h = tanh_skip(@.h_prev, x)", header=_OPEN),
    good=example("h = tanh_skip(h_prev, x)", header=_OPEN),
    hint="write the argument bare",
)
