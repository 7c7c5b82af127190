"""FEN430-439: tables of results, in which a task looks scores up instead of training."""

from __future__ import annotations

from fenas_lang.rules import Rule

_NLP = "fenasc evolve --task nas_bench_nlp --data data/nas-bench-nlp"
_ATLAS = "fenasc evolve --task atlas --data atlas.db --space atlas"

NO_RESULTS = Rule(
    "FEN430",
    "no published results there",
    "task `{task}` finds no {wanted} in `{path}`",
    "The task looks up what trained cells reached, and the folder given with `--data` holds these"
    " results.  The project holds none of them.",
    bad="fenasc evolve --task nas_bench_nlp --data elsewhere",
    good=_NLP,
    hint="name the folder that holds them with `--data`",
    language="shell",
)

BAD_RESULTS = Rule(
    "FEN431",
    "results that cannot be read",
    "cannot read the results in `{path}`: {reason}",
    "The file is cut off or damaged, or of another form.  Fetch it again.",
    bad="fenasc evolve --task nas_bench_nlp --data half-a-download",
    good=_NLP,
    language="shell",
)

NO_TABLE_GIVEN = Rule(
    "FEN432",
    "the task needs its results",
    "task `{task}` looks scores up in {what}, and none was given",
    "The task trains nothing: every score comes from the results that `--data` names.",
    bad="fenasc evolve --task atlas --space atlas",
    good=_ATLAS,
    hint="give it with `--data`",
    language="shell",
)

NOT_AN_ATLAS = Rule(
    "FEN433",
    "no atlas",
    "`{path}` is no atlas: {reason}",
    "An atlas is the file that `fenasc atlas make` writes.",
    bad="fenasc evolve --task atlas --space atlas --data run.db",
    good=_ATLAS,
    hint="make one with `fenasc atlas make {path}`",
    language="shell",
)

ATLAS_EXISTS = Rule(
    "FEN434",
    "the atlas exists",
    "`{path}` is there already",
    "An atlas is hours of training, so that it is never written over.",
    bad="fenasc atlas make atlas.db && fenasc atlas make atlas.db",
    good="fenasc atlas make atlas.db && fenasc atlas resume atlas.db",
    hint="go on with `fenasc atlas resume {path}`, or choose another name",
    language="shell",
)

UNWRITABLE_ATLAS = Rule(
    "FEN435",
    "the atlas cannot be written",
    "cannot write `{path}`: {reason}",
    "The folder is missing or may not be written, the disk is full, or another process writes to"
    " the file.",
    bad="fenasc atlas make nowhere/atlas.db",
    good="fenasc atlas make atlas.db",
    language="shell",
)

NOTHING_TO_TRAIN = Rule(
    "FEN436",
    "the task trains nothing",
    "task `{task}` looks scores up and has no model to train",
    "Strategies and options that share weights, inherit them, or look into an untrained model need"
    " a task that trains.",
    bad="fenasc evolve --task atlas --data atlas.db --strategy enas",
    good=f"{_ATLAS} --strategy aging",
    hint="choose another task, or a strategy that only compares scores",
    language="shell",
)

FEWER_SEEDS = Rule(
    "FEN437",
    "fewer seeds than the atlas has",
    "`{path}` is of {planned} seeds and cannot become one of {given}",
    "What was trained stays: `--seeds` can only add trainings.",
    bad="fenasc atlas make atlas.db --seeds 3 && fenasc atlas resume atlas.db --seeds 2",
    good="fenasc atlas make atlas.db --seeds 3 && fenasc atlas resume atlas.db --seeds 5",
    hint="leave `--seeds` out, or ask for at least {planned}",
    language="shell",
)
