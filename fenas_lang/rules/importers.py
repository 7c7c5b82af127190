"""FEN300-313: genotypes of other systems."""

from __future__ import annotations

from fenas_lang.rules import Rule

UNKNOWN_FORM = Rule(
    "FEN300",
    "a form that no importer reads",
    "there is no importer for `{form}`; there are {forms}",
    "Each system writes its cells in a form of its own, and the importers are named after them.",
    bad="fenasc import genotype.txt --from dart",
    good="fenasc import genotype.txt --from darts",
    hint="did you mean `{suggestion}`?",
    language="text",
)

NOT_A_NUMBER = Rule(
    "FEN301",
    "something that is no number in a list of numbers",
    "`{found}` is no number; the {form} form is whole numbers, separated by blanks or commas",
    "An ENAS cell is written as one line of numbers.",
    bad='fenasc import "0 tanh 1 relu" --from enas',
    good='fenasc import "0 0 1 1" --from enas',
    language="text",
)

WRONG_COUNT = Rule(
    "FEN302",
    "a list that cannot be cut into pairs",
    "there are {count} numbers; the {form} form has {expected}",
    "Every node is a pair: the node that it reads, and the code of its activation.  The first"
    " release of ENAS puts the activation of node 0 before all pairs, the corrected one does not.",
    bad='fenasc import "0 0 0 1 1" --from enas',
    good='fenasc import "0 0 0 1 1" --from enas_original',
    hint="{hint}",
    language="text",
)

ACTIVATION = Rule(
    "FEN303",
    "an activation that the form does not have",
    "node {node} has the activation `{found}`; the {form} form has {activations}",
    "ENAS and DARTS cells have the activations tanh, relu, sigmoid and identity.  The codes for"
    " sigmoid and identity differ between the two releases of ENAS.  DARTS has `none` only during"
    " its search, never in a found cell.",
    bad="fenasc import \"[('none', 0), ('relu', 1)]\" --from darts",
    good="fenasc import \"[('tanh', 0), ('relu', 1)]\" --from darts",
    language="text",
)

PREDECESSOR = Rule(
    "FEN304",
    "a node that reads one that does not come before it",
    "node {node} reads node {found}; it can read {allowed}",
    "Node 0 mixes the input with the state, the first node listed is node 1, and every node reads"
    " one before itself.",
    bad='fenasc import "0 0 2 1" --from enas',
    good='fenasc import "0 0 1 1" --from enas',
    language="text",
)

NOT_A_GENOTYPE = Rule(
    "FEN305",
    "text that is no recurrent DARTS genotype",
    "expected {expected}, found {found}",
    "A genotype is the text that DARTS prints: `Genotype(recurrent=[('relu', 0), …],"
    " concat=range(1, 9))`, or the list alone.  It is read, never run as Python.",
    bad="fenasc import \"Genotype(normal=[('skip_connect', 0)])\" --from darts",
    good="fenasc import \"Genotype(recurrent=[('relu', 0)], concat=[1])\" --from darts",
    language="text",
)

CONCAT = Rule(
    "FEN306",
    "an average over nodes that there are not",
    "`concat` {problem}; the nodes are {nodes}",
    "`concat` lists the nodes whose mean is the cell's output, each once, by their numbers.",
    bad="fenasc import \"Genotype(recurrent=[('relu', 0)], concat=[2])\" --from darts",
    good="fenasc import \"Genotype(recurrent=[('relu', 0)], concat=[1])\" --from darts",
    language="text",
)

CELL_NAME = Rule(
    "FEN307",
    "a name that a cell cannot have",
    "`{name}` is no name for a cell: a letter comes first, then letters, digits and `_`",
    "The name becomes that of the cell in the .fen text and of the class in emitted code.",
    bad="fenasc import genotype.txt --from darts --name 2nd",
    good="fenasc import genotype.txt --from darts --name Second",
    language="text",
)

NO_NODES = Rule(
    "FEN308",
    "a genotype without a node",
    "there is no node in this genotype",
    "Node 0 is always there; a cell needs at least one node after it.",
    bad='fenasc import "[]" --from darts',
    good="fenasc import \"[('tanh', 0)]\" --from darts",
    language="text",
)

OUTPUT = Rule(
    "FEN309",
    "an output that no importer makes",
    "the output is `all` or `loose`, not `{output}`",
    "`all` averages all nodes after node 0, `loose` those that no other node reads.",
    bad="fenasc import genotype.txt --from enas --output last",
    good="fenasc import genotype.txt --from enas --output loose",
    language="text",
)

FIXED_OUTPUT = Rule(
    "FEN310",
    "an output for a form that states its own",
    "the {form} form says itself what the outputs are, so `{output}` cannot replace them",
    "Only cells of ENAS and DARTS average nodes.",
    bad="fenasc import recipe.json --from nas_bench_nlp --output loose",
    good="fenasc import recipe.json --from nas_bench_nlp",
    language="text",
)

NOT_A_RECIPE = Rule(
    "FEN311",
    "text that is no recipe of NAS-Bench-NLP",
    "{problem}",
    "A recipe is a JSON object: of each node its `op` and its `input`, a list of names.  The input"
    " is `x`, old states are `h_prev_0`, `h_prev_1`, …, and new ones the nodes `h_new_0`, …, as"
    " many as there are old ones.",
    bad='{"h_new_0": "activation_tanh"}',
    good='{"h_new_0": {"op": "activation_tanh", "input": ["h_prev_0"]}}',
    language="text",
)

OPERATION = Rule(
    "FEN312",
    "an operation that NAS-Bench-NLP does not have",
    "node {node} has the operation `{found}`; there are {operations}",
    "The benchmark has seven operations; `linear` is one matrix for each input, and a bias.",
    bad='{"h_new_0": {"op": "activation_relu", "input": ["h_prev_0"]}}',
    good='{"h_new_0": {"op": "activation_leaky_relu", "input": ["h_prev_0"]}}',
    hint="did you mean `{suggestion}`?",
    language="text",
)

INPUTS = Rule(
    "FEN313",
    "a recipe's node with the wrong inputs",
    "node {node} {problem}",
    "A node reads the input, old states and other nodes, never itself, not even through others.",
    bad='{"h_new_0": {"op": "elementwise_sum", "input": ["h_prev_0"]}}',
    good='{"h_new_0": {"op": "elementwise_sum", "input": ["x", "h_prev_0"]}}',
    language="text",
)
