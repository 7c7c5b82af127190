"""FEN560-579: the paper's experiments.  FEN560-569 are failed runs, the rest misuse."""

from __future__ import annotations

from fenas_lang.rules import Rule

_TABLE = "fenasc experiment table1 --scale small --data data/ptb"

OTHER_EXPERIMENT = Rule(
    "FEN560",
    "the directory holds another experiment",
    "`{path}` holds {found}, not {wanted}",
    "An experiment has a directory of its own, in which it is gone on with when the same command is"
    " given again.  Every part is a search or a training that was begun with the same words.",
    bad="fenasc experiment table2 -o runs/table1-small",
    good="fenasc experiment table2 -o runs/table2-small",
    hint="name another directory with `-o`, or remove this one",
    language="shell",
)

OTHER_DATA = Rule(
    "FEN561",
    "the data are not those of the experiment",
    "`{path}` was begun on data with checksum {expected}, and those in `{data}` have {found}",
    "Figures on other data cannot stand in one table, so an experiment goes on only with the data"
    " that it was begun with.  The checksum is over the names and contents of all text files.",
    bad=f"{_TABLE}    # after a change in data/ptb",
    good=_TABLE,
    hint="name the right directory with `--data`, or begin anew in another one with `-o`",
    language="shell",
)

NO_ROOM = Rule(
    "FEN562",
    "no room for the results",
    "`{path}` needs about {needed} for checkpoints and weights, and {free} are free",
    "Each training keeps its last checkpoint (weights and the optimiser's averages) and its best"
    " weights.  The estimate counts four numbers of four bytes a parameter.",
    bad="fenasc experiment table1 --scale paper --data data/ptb -o almost-full-disk/t1",
    good="fenasc experiment table1 --scale paper --data data/ptb -o large-disk/t1",
    hint="free some space, or name a directory elsewhere with `-o`",
    language="shell",
)

NO_SUCH_DATA = Rule(
    "FEN563",
    "no such directory of data",
    "there is no directory `{path}`",
    "`--data` names a directory that holds the text itself, or one with the folders `ptb` and"
    " `glue` in it.",
    bad="fenasc experiment table1 --scale small --data data/ptp",
    good=_TABLE,
    language="shell",
)

UNWRITABLE = Rule(
    "FEN564",
    "the directory of an experiment cannot be written",
    "cannot write `{path}`: {reason}",
    "Everything that an experiment makes lies in its own directory.",
    bad="fenasc experiment table1 --scale tiny -o /proc/table1",
    good="fenasc experiment table1 --scale tiny -o runs/table1",
    hint="name another directory with `-o`",
    language="shell",
)

UNKNOWN_EXPERIMENT = Rule(
    "FEN570",
    "unknown experiment",
    "there is no experiment `{name}`; there are {known}",
    "`fenasc experiment` without a name lists them.",
    bad="fenasc experiment tabel1",
    good="fenasc experiment table1 --scale tiny",
    hint="did you mean `{suggestion}`?",
    language="shell",
)

UNKNOWN_SCALE = Rule(
    "FEN571",
    "unknown scale",
    "there is no scale `{name}`; there are {known}",
    "`tiny` ends in minutes and needs no data, `small` takes hours on two cores, `paper` is what"
    " the paper did.",
    bad="fenasc experiment table1 --scale smal",
    good=_TABLE,
    hint="did you mean `{suggestion}`?",
    language="shell",
)

NEEDS_DATA = Rule(
    "FEN572",
    "the experiment needs data",
    "`{name}` at scale {scale} reads {what}, and no `--data` was given",
    "Only the scale `tiny` makes data up where none are given, so that anyone can try it; its"
    " figures then say nothing about a language.",
    bad="fenasc experiment table1 --scale small",
    good=_TABLE,
    hint="give it with `--data DIRECTORY`, or try `--scale tiny`",
    language="shell",
)

NO_USE_FOR_STORE = Rule(
    "FEN573",
    "the experiment takes no store",
    "`{name}` has no use for `--store`",
    "`found-cell` compares a cell that a search found, and can take it from the store of a search"
    " that has been made already.",
    bad="fenasc experiment table1 --store ptb.db",
    good="fenasc experiment found-cell --scale small --store ptb.db --data data/ptb",
    language="shell",
)

UNKNOWN_ROW = Rule(
    "FEN574",
    "unknown row",
    "`{experiment}` has no row `{name}`; there are {known}",
    "`--row` takes a label as the experiment's table has it, in quotes where it holds spaces.",
    bad="fenasc experiment table2 --scale tiny --row LTSM",
    good="fenasc experiment table2 --scale tiny --row LSTM --row 'majority class'",
    hint="did you mean `{suggestion}`?",
    language="shell",
)
