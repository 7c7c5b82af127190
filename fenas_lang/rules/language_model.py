"""FEN450-459: language models whose settings do not fit their layer, or one another."""

from __future__ import annotations

from fenas_lang.rules import Rule

_LM = "fenasc train LSTM --task lm --data data/ptb -o run"
_TORCH = "fenasc train torch.nn.LSTM --task lm --data data/ptb -o run"

NO_MASKS = Rule(
    "FEN450",
    "the layer has no variational dropout",
    "{kinds} ask for masks inside the layer, and {layer} has none",
    "Layers of compiled cells mask the operands of their weighted edges, one mask a sequence."
    "  PyTorch's own layers, and layer factories that take no `variational`, cannot.",
    bad=f"{_TORCH} --set dropout_h=0.2",
    good=f"{_TORCH} --set dropout_x=0 --set dropout_h=0",
    hint="set dropout_x, dropout_h and dropout_edges to 0 (weight_drop, dropout_embedding,"
    " dropout_layers and dropout_output work with any layer), or train the cell itself",
    language="shell",
)

NO_MATRICES = Rule(
    "FEN451",
    "weight drop without recurrent matrices",
    "weight_drop={rate} has nothing to drop: the layer has no recurrent matrices",
    "Weight drop is for the matrices of a layer of PyTorch from hidden to hidden, and for those of"
    " a compiled cell's weighted edges from states and between nodes.  A cell may have none, and"
    " shared weights of a search count as none.",
    bad="fenasc train SRU --task lm --data data/ptb -o run --set weight_drop=0.5",
    good=f"{_LM} --set weight_drop=0.5",
    hint="set weight_drop to 0",
    language="shell",
)

CONTRADICTION = Rule(
    "FEN452",
    "settings that contradict one another",
    "setting {setting}={value} means nothing here: {problem}",
    "A setting that could not have an effect is an error, so that no training is taken for what it"
    " is not.",
    bad=f"{_LM} --set dropout_latent=0.3",
    good=f"{_LM} --set experts=15 --set dropout_latent=0.3",
    hint="{remedy}",
    language="shell",
)

ONE_SHARED_LAYER = Rule(
    "FEN453",
    "several layers cannot share weights",
    "strategies with shared weights train one layer of a cell, and task `{task}` asks for {layers}",
    "The supernet of `random_ws`, `enas` and `darts` is one layer.  Other strategies train a model"
    " of several layers for each cell.",
    bad="fenasc evolve LSTM --task lm --data data/ptb --strategy enas --set layers=3",
    good="fenasc evolve LSTM --task lm --data data/ptb --strategy enas",
    hint="set layers to 1, or use another strategy",
    language="shell",
)

ONE_DIRECTION = Rule(
    "FEN454",
    "a relaxed cell runs in one direction",
    "the strategy `darts` cannot search for a layer that reads a sentence both ways",
    "Its relaxed cell computes all that every node could be, forwards and without lengths.  `enas`"
    " and `random_ws` run one cell at a time, which any layer can.",
    bad="fenasc evolve --task rte --data data/glue --space darts --strategy darts --set layers=1",
    good="fenasc evolve --task rte --data data/glue --space darts --strategy enas --set layers=1",
    language="shell",
)
