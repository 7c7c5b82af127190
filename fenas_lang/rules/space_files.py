"""FEN100-139: search spaces as text, finding their files, and sampling from them."""

from __future__ import annotations

from functools import partial

from fenas_lang.rules import Rule

_RULE = partial(Rule, language="space")
_COMMAND = partial(Rule, language="text")

_GOOD = """
space small {
    states 1
    node add, mul
    node tanh: weighted, 1 to 2 parents
}
"""
_NODES_ONLY = _GOOD.replace("add, mul", "add, mul: from nodes")
_STARTING = "fn start(x, h) = tanh(@x, @h)\n"

SYNTAX = _RULE(
    "FEN100",
    "a space file that does not follow the grammar",
    "expected {expected}, but found {found}",
    "A space is `space NAME {`, one clause after another, and `}`.  Each clause begins with a word"
    " of its own: `states`, `bias`, `output`, `allow`, `sample`, `start with` or `node`.",
    bad=_GOOD.replace("1 to 2 parents", "1 to many parents"),
    good=_GOOD,
    hint="{hint}",
)
UNKNOWN_CLAUSE = _RULE(
    "FEN101",
    "a word that begins no clause",
    "no clause of a space begins with `{word}`",
    "The clauses are `states`, `bias`, `output`, `allow`, `sample`, `start with` and `node`.",
    bad=_GOOD.replace("states", "state"),
    good=_GOOD,
    hint="{hint}",
)
TWO_SPACES = _RULE(
    "FEN102",
    "two spaces in one file",
    "a file holds one space, and this is another",
    "A space is found by the name of its file, so each has a file of its own.",
    bad=_GOOD + _GOOD.replace("small", "large"),
    good=_GOOD,
    hint="move it to a file of its own",
)
TWICE = _RULE(
    "FEN103",
    "a clause that stands twice",
    "{what} stands here twice",
    "Only `node` may stand several times: every other clause says one thing about the whole space,"
    " and each property one thing about a node.",
    bad=_GOOD.replace("states 1", "states 1\n    states 2"),
    good=_GOOD.replace("states 1", "states 1 to 2"),
    hint="keep one of the two",
)
EMPTY_RANGE = _RULE(
    "FEN104",
    "a range that holds no number",
    "no number lies in `{text}`",
    "A range goes from its smaller to its larger number, and begins at 1 or more.",
    bad=_GOOD.replace("1 to 2", "2 to 1"),
    good=_GOOD,
    hint="{hint}",
)
TOO_MANY = _RULE(
    "FEN105",
    "a number beyond the limits of the language",
    "there are at most {limit:,} {what}, not {number}",
    "A cell has at most 4,096 nodes after lowering, and nothing in a space may ask for more.",
    bad=_GOOD.replace("states 1", "states 1\n    sample 1 to 100000 nodes"),
    good=_GOOD.replace("states 1", "states 1\n    sample 1 to 100 nodes"),
)
UNKNOWN_FUNCTION = _RULE(
    "FEN106",
    "a function that does not exist",
    "there is no function `{name}`",
    "A space lists functions of the language, and those that its own file defines with `fn`.",
    bad=_GOOD.replace("tanh", "tahn"),
    good=_GOOD,
    hint="did you mean `{suggestion}`?",
)
LISTED_TWICE = _RULE(
    "FEN107",
    "a function that is listed twice",
    "`{name}` is listed twice",
    "What a space says about a function, it says in one `node` clause.",
    bad=_GOOD.replace("node add, mul", "node add, mul, add"),
    good=_GOOD,
    hint="keep one of the two",
)
WRONG_FORM = _RULE(
    "FEN108",
    "a form that a function cannot have",
    "`{name}` cannot be {form}",
    "Activations take edges that are plain, weighted (`@`), elementwise (`@.`) or mixed.  For all"
    " other functions there is only one form, and a space need not state it: operations such as"
    " `add`, and `mean`, take plain edges, skip functions own their weights, a `fn` is called.",
    bad=_GOOD.replace("add, mul", "add, mul: weighted"),
    good=_GOOD,
    hint="it is always {always}, so leave the form out",
)
WRONG_PARENTS = _RULE(
    "FEN109",
    "a number of parents that a function cannot have",
    "`{name}` cannot have {parents}",
    "`add`, `sub` and `mul` have two parents, skip functions one or two, a `fn` as many as it has"
    " parameters, activations and `mean` one or more.",
    bad=_GOOD.replace("add, mul", "add, mul: 1 to 2 parents"),
    good=_GOOD.replace("add, mul", "add, mul: 2 parents"),
    hint="it has {arity}",
)
UNKNOWN_START = _RULE(
    "FEN110",
    "a first node that is not defined",
    "this file defines no `fn {name}` for the first node to call",
    "`start with NAME` names a `fn` of the same file.  The first node of every cell calls it with"
    " the cell's input and states.",
    bad=_STARTING + _GOOD.replace("states 1", "states 1\n    start with strat"),
    good=_STARTING + _GOOD.replace("states 1", "states 1\n    start with start"),
    hint="did you mean `{suggestion}`?",
)
START_PARAMETERS = _RULE(
    "FEN111",
    "a first node whose parameters do not fit",
    "`{name}` has {parameters}, and a cell of this space has an input and {states}",
    "The function of the first node is called with the cell's input and all its states, in header"
    " order.  So it has two parameters in a space of one state, and a space of cells with"
    " different numbers of states has no such function.",
    bad="fn start(x) = tanh(@x)\n" + _GOOD.replace("states 1", "states 1\n    start with start"),
    good=_STARTING + _GOOD.replace("states 1", "states 1\n    start with start"),
)
MISSING = _RULE(
    "FEN112",
    "a space that leaves out what it must say",
    "the space does not say {what}",
    "Every space says how many states its cells have, and lists at least one function.  All else"
    " has a default.",
    bad=_GOOD.replace("states 1", ""),
    good=_GOOD,
    hint="add for example `{example}`",
)
NO_FIRST_NODE = _RULE(
    "FEN113",
    "a space without any cell",
    "no function can be the first node: the parents of all of them are nodes",
    "Where all functions take their parents `from nodes`, the first node has none to choose from."
    "  `start with` gives it a function of its own.",
    bad=_NODES_ONLY.replace("2 parents", "2 parents from nodes"),
    good=_NODES_ONLY,
    hint="add `start with NAME`, or drop one of the `from nodes`",
)
UNBOUNDED_SAMPLE = _RULE(
    "FEN114",
    "sampling without an upper bound",
    "`{text}` does not say how many nodes a sampled cell has",
    "The larger number of `sample` is how many nodes a new cell has unless one asks for another"
    " number.",
    bad=_GOOD.replace("states 1", "states 1\n    sample 1 or more nodes"),
    good=_GOOD.replace("states 1", "states 1\n    sample 1 to 9 nodes"),
    hint="write for example `sample {least} to 9 nodes`",
)

NOTHING_TO_AVERAGE = _RULE(
    "FEN115",
    "cells with nothing to average",
    "the output is the mean of all nodes after the first, and a cell may have only the first",
    "Where a space says `start with`, its rule `mean of all nodes` means those after the first, so"
    " there must be another.",
    bad=_STARTING + "space one {\n    states 1\n    start with start\n    output mean of all nodes"
    "\n    node add: from nodes\n}",
    good=_STARTING + "space two {\n    states 1\n    start with start\n    output mean of all nodes"
    "\n    sample 2 to 9 nodes\n    node add: from nodes\n}",
    hint="add `sample 2 to 9 nodes`",
)
START_LISTED = _RULE(
    "FEN116",
    "a function for the first node and for others",
    "`{name}` is what the first node calls, and a `node` clause lists it for all",
    "The function of `start with` is called by the first node of a cell and by no other.",
    bad=_STARTING + _GOOD.replace("states 1", "states 1\n    start with start\n    node start"),
    good=_STARTING + _GOOD.replace("states 1", "states 1\n    start with start"),
    hint="take it out of the `node` clause",
)

UNKNOWN_SPACE = _COMMAND(
    "FEN120",
    "a space that is not found",
    "there is no space `{name}` (there are: {known})",
    "A name stands for `NAME.space` beside the cell's file, or else for a space that comes with"
    " fenas_lang; `fenasc spaces` lists those.  A path stands for that file.",
    bad="fenasc sample --space enaz",
    good="fenasc sample --space enas",
    hint="did you mean `{suggestion}`?",
)
UNREADABLE_SPACE = _COMMAND(
    "FEN121",
    "a space file that cannot be read",
    "cannot read the space file `{path}`: {reason}",
    "The file of the space is missing, is a directory, or may not be read.",
    bad="fenasc sample --space missing/mine.space",
    good="fenasc sample --space mine.space",
)
MISNAMED_SPACE = _COMMAND(
    "FEN122",
    "a space whose name is not its file's",
    "this file should define the space `{expected}`, and defines `{name}`",
    "A cell names its space, and the space is found by the name of its file, so the two agree.",
    bad="fenasc check mine.fen  # in mine; mine.space says: space yours { … }",
    good="fenasc check mine.fen  # in mine; mine.space says: space mine { … }",
    hint="rename the one or the other",
)

SAMPLED_NODES = _COMMAND(
    "FEN130",
    "a number of nodes that a cell of the space cannot have",
    "a cell of `{space}` has {least:,} to {most:,} nodes, not {nodes}",
    "The space's clause `sample` gives the smallest number; the largest is the language's limit.",
    bad="fenasc sample --space enas --nodes 1",
    good="fenasc sample --space enas --nodes 9",
)
SAMPLED_STATES = _COMMAND(
    "FEN131",
    "a number of states that a cell of the space cannot have",
    "a cell of `{space}` has {allowed}, not {states}",
    "The space's clause `states` says how many states its cells have.",
    bad="fenasc sample --space enas --states 2",
    good="fenasc sample --space fenas --states 2",
)
SAMPLED_OUTPUT = _COMMAND(
    "FEN132",
    "an output rule that the space does not have",
    "`{space}` has no output rule `{output}`",
    "The space's clause `output` lists its rules: `last` is the last node, `loose` the mean of the"
    " loose ends, `all` the mean of all nodes, `any` any node.  Where any node may be the output,"
    " the last one may be.",
    bad="fenasc sample --space enas --output last",
    good="fenasc sample --space enas --output loose",
    hint="it has {known}",
)
UNKNOWN_SAMPLER = _COMMAND(
    "FEN133",
    "a way of sampling that does not exist",
    "there is no way of sampling called `{by}`",
    "`uniform` draws every numbered node list of the space with the same probability; `choices`"
    " draws for each node the function, then its form, then each parent, all uniformly.",
    bad="fenasc sample --by choice",
    good="fenasc sample --by choices",
    hint="it is `uniform` or `choices`",
)
