"""FEN460-479: a training in its own directory.  FEN460-469 are failed runs, the rest misuse."""

from __future__ import annotations

from fenas_lang.rules import Rule

_TRAIN = "fenasc train LSTM --task digits -o lstm"
_RESUME = "fenasc train --resume lstm"
_EVAL = "fenasc eval lstm"

RUN_EXISTS = Rule(
    "FEN460",
    "the directory holds a run already",
    "`{path}` holds {what} run already",
    "A run is never overwritten by accident.  `--resume` goes on with one that is not finished;"
    " `--force` begins a new one and keeps the old directory with `.bak` behind its name.",
    bad=f"{_TRAIN}    # a second time",
    good=_RESUME,
    hint="`{command}` {does}; `--force` keeps it as `{backup}` and begins anew",
    language="shell",
)

NOT_A_RUN = Rule(
    "FEN461",
    "this is not the directory of a run",
    "`{path}` is not the directory of a run: {reason}",
    "A run lives in the directory that `fenasc train` was given as `-o`; its `run.json` says what"
    " it is.",
    bad="fenasc eval somewhere-else",
    good=_EVAL,
    language="shell",
)

DAMAGED_RUN = Rule(
    "FEN462",
    "a file of a run is damaged",
    "cannot read `{path}`: {reason}",
    "Files of a run are written whole or not at all, so something else has cut off or changed this"
    " one.  They hold numbers and text only, and nothing in them is ever executed.",
    bad="fenasc train --resume half-a-copy",
    good=_RESUME,
    hint="{hint}",
    language="shell",
)

UNWRITABLE_RUN = Rule(
    "FEN463",
    "a file of a run cannot be written",
    "cannot write `{path}`: {reason}",
    "The disk is full, or the directory may not be written.  A file is replaced only by a whole new"
    " one, so the last checkpoint and the best weights are still there.",
    bad="fenasc train LSTM --task digits -o full-disk/lstm",
    good=_TRAIN,
    hint="{hint}",
    language="shell",
)

OTHER_DATA = Rule(
    "FEN464",
    "the data are not those of the run",
    "`{path}` was trained on data with checksum {expected}, and these have {found}",
    "Figures on other data cannot be compared, so a run is continued and measured only on the"
    " data that it was begun with.",
    bad=f"{_RESUME} --data other-folder",
    good=_RESUME,
    hint="name the right directory with `--data`",
    language="shell",
)

TRAINING_FAILED = Rule(
    "FEN465",
    "a training failed",
    "the training of `{path}` failed after epoch {epoch}: {reason}",
    "The loss was infinite or no number, or there was not enough memory.  `result.json` says so;"
    " the last checkpoint and the best weights are kept.",
    bad="fenasc train IRNN --task digits --set learning_rate=100 -o wild",
    good=_TRAIN,
    hint="{hint}",
    language="shell",
)

NO_WEIGHTS = Rule(
    "FEN466",
    "a run without weights",
    "`{path}` has no weights: no epoch of it has ended yet",
    "The weights of the best epoch so far are written after each epoch.",
    bad="fenasc eval begun-a-second-ago",
    good=_EVAL,
    hint="`fenasc train --resume {path}` goes on with it",
    language="shell",
)

RUN_BUSY = Rule(
    "FEN467",
    "another process trains in this directory",
    "`{path}` is in use: process {holder} trains in it",
    "One process at a time trains in a directory; `eval` and `predict` may read it meanwhile.",
    bad=f"{_RESUME} & {_RESUME}",
    good=_EVAL,
    hint="wait for it, or end it",
    language="shell",
)

NOT_EMPTY = Rule(
    "FEN468",
    "the directory holds something else",
    "`{path}` exists and holds other things than a run",
    "A run needs a directory of its own: a new name, or an empty directory.  Nothing else is ever"
    " moved or removed.",
    bad="fenasc train LSTM --task digits -o /home",
    good=_TRAIN,
    hint="name a new directory",
    language="shell",
)

NO_PREDICTIONS = Rule(
    "FEN470",
    "a task without predictions",
    "task `{task}` has no predictions to write",
    "`predict` writes one prediction for each row of a file, for tasks that read such rows.",
    bad="fenasc predict trained-on-text -o predictions.tsv",
    good=_EVAL,
    hint="`fenasc eval {path}` measures it",
    language="shell",
)

UNKNOWN_PRESET = Rule(
    "FEN471",
    "unknown preset of a task",
    "task `{task}` has no preset `{name}`; it has {known}",
    "A preset is a set of published settings under a name; `--set` changes some of them.",
    bad=f"{_TRAIN} --preset nonsense",
    good=_TRAIN,
    hint="did you mean `{suggestion}`?",
    language="shell",
)

BAD_LIMIT = Rule(
    "FEN472",
    "no number of parameters",
    "`{given}` is neither a number of parameters, such as 24M, 500k or 1000000, nor CELL:HIDDEN,"
    " such as LSTM:300",
    "`--match-parameters` picks the largest hidden size whose whole model has at most so many"
    " parameters, or at most as many as the model of another cell.",
    bad=f"{_TRAIN} --match-parameters big",
    good=f"{_TRAIN} --match-parameters 20k",
    language="shell",
)

LIMIT_TOO_SMALL = Rule(
    "FEN473",
    "too few parameters",
    "a model of at most {limit:,} parameters cannot be had: with hidden size 1 it has {least:,}",
    "What does not depend on the hidden size, such as an embedding of its own size, counts too.",
    bad=f"{_TRAIN} --match-parameters 10",
    good=f"{_TRAIN} --match-parameters 20k",
    hint="allow more, or make other parts of the model smaller",
    language="shell",
)

UNKNOWN_LAYER = Rule(
    "FEN474",
    "unknown layer of PyTorch",
    "there is no layer `{name}` to train; there are {known}",
    "These are trained with one bias in place of two, as the cells of the same names have.",
    bad="fenasc train torch.nn.Linear --task digits -o linear",
    good="fenasc train torch.nn.LSTM --task digits -o lstm",
    hint="did you mean `{suggestion}`?",
    language="shell",
)

NO_MASKS = Rule(
    "FEN475",
    "PyTorch's layers have no variational dropout",
    "`{name}` cannot drop what its own time steps read: variational dropout of {masks}",
    "Variational dropout draws a mask once a sequence and applies it at every step, which a cell's"
    " layer does and PyTorch's do not.",
    bad="fenasc train torch.nn.LSTM --task lm --data data/ptb -o lstm",
    good="fenasc train torch.nn.LSTM --task lm --data data/ptb --set dropout_x=0 --set dropout_h=0"
    " -o lstm",
    hint="set that dropout to 0 (of `lm`: --set dropout_x=0 --set dropout_h=0), or train the cell"
    " {twin}, which is the same function",
    language="shell",
)

MODEL_DIFFERS = Rule(
    "FEN476",
    "weights of another model",
    "the weights in `{path}` are not those of the model that `run.json` describes: {reason}",
    "`run.json`, `cell.fen` and the weights of a run belong together.",
    bad="cp lstm/best.safetensors gru/ && fenasc eval gru",
    good=_EVAL,
    language="shell",
)

NO_LOSSES = Rule(
    "FEN477",
    "a task that shows no losses",
    "task `{task}` does not show its losses, so that no run can be made of it",
    "A search needs no more of a task than `evaluate`; a run trains epoch by epoch, and needs a"
    " subclass of `fenas_lang.tasks.base.Task`.",
    bad="fenasc train LSTM --task my_tasks:OnlyEvaluates -o lstm",
    good=_TRAIN,
    hint="derive it from `fenas_lang.tasks.base.Task`",
    language="shell",
)

NO_SPLIT = Rule(
    "FEN478",
    "no such split of the data",
    "task `{task}` has no split `{split}`; it has {known}",
    "A model is measured on the validation or the test data; some tasks have further splits, such"
    " as `test_mismatched` of MNLI.",
    bad=f"{_EVAL} --split dev",
    good=f"{_EVAL} --split valid",
    language="shell",
)
