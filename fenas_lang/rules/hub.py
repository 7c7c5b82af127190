"""FEN440-449: data sets of the Hugging Face hub."""

from __future__ import annotations

from fenas_lang.rules import Rule

_GOOD = "fenasc evolve LSTM --task lm --data hub:Salesforce/wikitext/wikitext-2-v1"

NO_HUB = Rule(
    "FEN440",
    "data of the hub need a package that is not installed",
    "reading `{reference}` needs the package `datasets`, which is not installed",
    "Data sets of the Hugging Face hub are read with the package `datasets`, which comes with the"
    " extra `hub`.  Data in a directory need no package.",
    bad=f"pip install fenas-lang && {_GOOD}",
    good=f"pip install 'fenas-lang[hub]' && {_GOOD}",
    hint="pip install 'fenas-lang[hub]', or name a directory",
    language="shell",
)

NOT_LOADED = Rule(
    "FEN441",
    "a data set of the hub cannot be loaded",
    "cannot load `{reference}`: {reason}",
    "`hub:DATASET` or `hub:DATASET/CONFIG` names a data set as the hub does: `OWNER/NAME`, or a"
    " local directory that `datasets` can read.  The first time it is fetched over the network;"
    " after that the package's cache has it.",
    bad="fenasc evolve LSTM --task lm --data hub:nobody/nothing",
    good=_GOOD,
    hint="check the name, and that the hub can be reached or the data are in its cache",
    language="shell",
)

NO_SUCH_COLUMN = Rule(
    "FEN442",
    "a data set of the hub has not what the task reads",
    "`{reference}` has no {wanted}; it has {present}",
    "A language model reads the column `text` (or `sentence`) of the splits `train`, `validation`"
    " and `test`; a GLUE task those of the hub's `nyu-mll/glue`.",
    bad="fenasc evolve LSTM --task lm --data hub:uoft-cs/cifar10",
    good=_GOOD,
    language="shell",
)
