"""FEN400-419: tasks, their settings and their data."""

from __future__ import annotations

from fenas_lang.rules import Rule

_DIGITS = "fenasc evolve LSTM --task digits"
_LM = "fenasc evolve LSTM --task lm --data data/ptb"

WHERE = (
    "The Penn Treebank in Mikolov's preprocessing comes as `ptb.train.txt`, `ptb.valid.txt` and"
    " `ptb.test.txt` (the `data` folder of `simple-examples.tgz` on Tomas Mikolov's page of the RNN"
    " language modeling toolkit), WikiText-2 as `wiki.train.tokens` and so on (Merity et al. 2016)."
    "  Neither is part of this project."
)

UNKNOWN_TASK = Rule(
    "FEN400",
    "unknown task",
    "there is no task `{name}`; there are {known}",
    "A task says what a cell is trained on and scored by.",
    bad="fenasc evolve LSTM --task digit",
    good=_DIGITS,
    hint="did you mean `{suggestion}`?",
    language="shell",
)

UNKNOWN_SETTING = Rule(
    "FEN401",
    "unknown setting of a task",
    "task `{task}` has no setting `{name}`; it has {known}",
    "`--set name=value` changes one of the task's settings, each of which has a default.",
    bad=f"{_DIGITS} --set epoch=5",
    good=f"{_DIGITS} --set epochs=5",
    hint="did you mean `{suggestion}`?",
    language="shell",
)

BAD_SETTING = Rule(
    "FEN402",
    "a setting's value does not fit",
    "setting `{name}` of task `{task}` is to be {expected}, not `{given}`",
    "Every setting has a type and a range; the message says which.",
    bad=f"{_DIGITS} --set epochs=many",
    good=f"{_DIGITS} --set epochs=5",
    language="shell",
)

NOT_AN_ASSIGNMENT = Rule(
    "FEN403",
    "a setting without its value",
    "`{given}` is not of the form name=value",
    "`--set` takes the name of a setting, `=`, and its value, without spaces around the sign.",
    bad=f"{_DIGITS} --set epochs",
    good=f"{_DIGITS} --set epochs=5",
    language="shell",
)

NO_DATA_GIVEN = Rule(
    "FEN404",
    "the task needs data",
    "task `{task}` reads {what} from a directory, and none was given",
    f"Name the directory with `--data`.  {WHERE}",
    bad="fenasc evolve LSTM --task lm",
    good=_LM,
    hint="give it with `--data DIRECTORY`",
    language="shell",
)

NO_USE_FOR_DATA = Rule(
    "FEN405",
    "the task reads no data",
    "task `{task}` makes its own data and reads none from `{path}`",
    "`digits` comes with scikit-learn, and the synthetic tasks are generated.",
    bad=f"{_DIGITS} --data data/ptb",
    good=_DIGITS,
    hint="leave `--data` out, or choose another task",
    language="shell",
)

NO_SUCH_DIRECTORY = Rule(
    "FEN406",
    "no such directory of data",
    "`{path}` is no directory",
    f"`--data` names the directory that holds the task's files.  {WHERE}",
    bad="fenasc evolve LSTM --task lm --data nowhere",
    good=_LM,
    hint="{hint}",
    language="shell",
)

FILES_NOT_FOUND = Rule(
    "FEN407",
    "the directory lacks files of the task",
    "`{path}` has no {missing}; wanted are train, valid and test text named as {names}, each also"
    " with .gz",
    f"The three files must be named alike, the splits being `train`, `valid` and `test`.  {WHERE}",
    bad="fenasc evolve LSTM --task lm --data empty-folder",
    good=_LM,
    hint="{hint}",
    language="shell",
)

UNREADABLE_DATA = Rule(
    "FEN408",
    "a data file cannot be read",
    "cannot read `{path}`: {reason}",
    "The file is cut off or damaged, or may not be read.  Fetch it again.",
    bad="fenasc evolve LSTM --task lm --data half-a-download",
    good=_LM,
    language="shell",
)

NOT_UTF8 = Rule(
    "FEN409",
    "a data file is not UTF-8",
    "`{path}` is not UTF-8 text: byte {offset} is 0x{byte:02x}",
    "Text is read as UTF-8.  Convert files of another encoding, for example with `iconv`; a"
    " compressed file must carry the ending .gz.",
    bad="fenasc evolve LSTM --task lm --data latin-1-text",
    good=_LM,
    language="shell",
)

EMPTY_DATA = Rule(
    "FEN410",
    "a data file is empty",
    "`{path}` holds no word",
    "Each of the three splits needs at least one word.",
    bad="fenasc evolve LSTM --task lm --data empty-files",
    good=_LM,
    language="shell",
)

UNKNOWN_WORDS = Rule(
    "FEN411",
    "words that the training text does not have",
    "`{path}` has {count} words that the training text does not have ({words}), which has no"
    " `<unk>` to stand for them",
    "The vocabulary is that of the training text, and a model can give no probability to any other"
    " word.  The usual corpora replace rare words by `<unk>` in all three splits.",
    bad="fenasc evolve LSTM --task lm --data raw-text",
    good=_LM,
    language="shell",
)

TOO_LITTLE_DATA = Rule(
    "FEN412",
    "too little text for the settings",
    "{have} tokens of training text cannot fill {batch} parallel streams of two tokens",
    "Training reads the text in `batch` parallel streams.",
    bad=f"{_LM} --set tokens=10",
    good=f"{_LM} --set tokens=10 --set batch=5",
    hint="raise `tokens` or lower `batch`",
    language="shell",
)

MISSING_PACKAGE = Rule(
    "FEN413",
    "a package that the task needs is not installed",
    "task `{task}` needs {package}, which is not installed",
    "Some tasks need a package of their own; the extra `tasks` of this project installs them.",
    bad=f"pip install fenas-lang && {_DIGITS}",
    good=f"pip install 'fenas-lang[tasks]' && {_DIGITS}",
    hint="pip install 'fenas-lang[tasks]'",
    language="shell",
)
