"""FEN290-299: what `bench` refuses."""

from __future__ import annotations

from fenas_lang.rules import Rule

_BENCH = "fenasc bench LSTM --against lstm"

UNKNOWN_PEER = Rule(
    "FEN290",
    "unknown peer or row of a benchmark",
    "there is no {kind} `{name}`; there are {known}",
    "`--against` names what a layer is measured against, `--also` further measurements, each with"
    " commas between several.",
    bad="fenasc bench LSTM --against lstn",
    good=_BENCH,
    hint="did you mean `{suggestion}`?",
    language="shell",
)

BAD_SHAPE = Rule(
    "FEN291",
    "a shape that is none",
    "`{given}` is no shape: {reason}",
    "A shape is a letter of the table in the documentation (several may stand together, as in"
    " `ABC`), or T,B,H or T,B,D,H: time steps, batch size, input size, hidden size; with three"
    " numbers D is H.  Spaces or semicolons stand between several.",
    bad=f"{_BENCH} --shapes 35,64",
    good=f"{_BENCH} --shapes 'A 35,64,300'",
    hint="a letter of {known}, or numbers such as 35,64,300",
    language="shell",
)

NO_PEER_RUNS = Rule(
    "FEN292",
    "no peer that was asked for runs here",
    "none of the peers asked for runs here: {reasons}",
    "A peer that needs a package or a compiler that is not here is left out with a message.  Where"
    " peers were named and none is left, there is nothing to compare with.",
    bad="fenasc bench LSTM --against jax    # and jax is not installed",
    good=_BENCH,
    hint="pip install 'fenas-lang[bench]' brings jax; without `--against`, what is here is taken",
    language="shell",
)

NOTHING_TO_MEASURE = Rule(
    "FEN293",
    "nothing to measure",
    "there is nothing to measure: no cell, no `--random`, no `--also`",
    "Name cells, draw some with `--random N`, or measure rows of their own with `--also`.",
    bad="fenasc bench",
    good=_BENCH,
    hint="fenasc bench LSTM, or fenasc bench --random 3",
    language="shell",
)

BAD_WORD = Rule(
    "FEN294",
    "a word that an option does not know",
    "`{given}` is no {kind}; there are {known}",
    "The option takes one of a few words, or several with commas between them.",
    bad=f"{_BENCH} --steps training",
    good=f"{_BENCH} --steps train,inference",
    hint="did you mean `{suggestion}`?",
    language="shell",
)

NO_USEFUL_CELL = Rule(
    "FEN295",
    "a space without cells to measure",
    "none of {draws} cells drawn from `{space}` uses both the input and the state",
    "Random cells that ignore the input or the state would be measured at a speed that no useful"
    " cell has, so they are drawn again.",
    bad="fenasc bench --random 3 --space a-space-without-states.space",
    good="fenasc bench --random 3",
    hint="raise `--nodes`, or name another space",
    language="shell",
)
