"""Table 1 of the paper: language models on the Penn Treebank."""

from fenas_lang.experiments.recipe import (
    PAPER,
    PARAMETERS,
    SMALL,
    TINY,
    Column,
    Options,
    Random,
    Recipe,
    Row,
    Scale,
    Search,
    Settings,
)

MILLIONS, VALID, TEST = "parameters, M", "valid PPL", "test PPL"
COLUMNS = (
    Column(MILLIONS, PARAMETERS, factor=1e-6, digits=2),
    Column(VALID, "valid_perplexity", digits=1),
    Column(TEST, "test_perplexity", digits=1),
)
EVOLUTION: Options = {"profile": "paper", "nodes": 9}
SHARING: Options = {"profile": "paper", "repeats": 1}
"""One training of the best cell from new weights ends a search that shares weights."""
FENAS = Search("fenas", ("LSTM",), EVOLUTION, wide=True)
ENAS_SPACE: Options = {**SHARING, "strategy": "enas", "space": "enas"}
ENAS = Search("enas", (), ENAS_SPACE, like="ENAS", sharing=True)
RANDOM_WS = Search(
    "random-ws",
    (),
    {**SHARING, "strategy": "random_ws", "space": "darts"},
    like="DARTS_V2",
    sharing=True,
)


def paper(parameters: float, test: float, valid: float | None = None) -> dict[str, float]:
    """A row of the paper's table; N/A where it has no validation perplexity."""
    return {MILLIONS: parameters, TEST: test} | ({} if valid is None else {VALID: valid})


PUBLISHED_CELL = "the cell of the authors' corrected code"
TINY_LM: Settings = {"hidden": 24, "epochs": 4, "batch": 16, "window": 20, "learning_rate": 0.01}
SMALL_SEARCH: Settings = {
    "hidden": 64,
    "epochs": 1,
    "batch": 20,
    "tokens": 100_000,
    "valid_tokens": 20_000,
    "learning_rate": 0.003,
    "clip": 1.0,
    "l2": 0.0,
    "dropout": 0.1,
}
SMALL_PRESET = {"lm": "small"}
"""At reduced scales all rows are trained alike."""


RECIPE = Recipe(
    title="Table 1: Penn Treebank",
    about="language models on the Penn Treebank: LSTM, MoS, NAS, ENAS, DARTS, random, FENAS",
    tasks=("lm",),
    columns=COLUMNS,
    rows=(
        Row("LSTM + DropConnect", ("LSTM",), "awd", paper(24, 58.8, 60.7)),
        Row("LSTM + MoS", ("LSTM",), "mos", paper(22, 56.0, 58.1)),
        Row("NAS", ("NASCell",), "stage2", paper(25, 64.0)),
        Row("ENAS", ("ENAS",), "enas", paper(24, 55.8), note=PUBLISHED_CELL),
        Row("ENAS*", (ENAS,), "enas", paper(24, 63.1, 68.3), note="a cell of our own search"),
        Row(
            "ENAS†",
            ("ENAS_original",),
            "darts",
            paper(24, 58.6, 60.8),
            note="the cell of the first release, trained as DARTS is (Liu et al. 2019)",
        ),
        Row("DARTS", ("DARTS_V2",), "darts", paper(23, 55.7, 58.1)),
        Row("Random search WS", (RANDOM_WS,), "darts", paper(23, 55.5, 57.8)),
        Row("FENAS", (FENAS,), "stage2", paper(24, 56.8, 58.9), matched=True),
        Row(
            "five random cells",
            tuple(Random(seed) for seed in range(5)),
            "stage2",
            matched=True,
            note="uniform in the space of FENAS; the statistics are over cells",
        ),
        Row("unigram", reference=("unigram",)),
    ),
    search_presets={"lm": "stage1"},
    scales={
        TINY: Scale(
            seeds=2,
            settings={"lm": TINY_LM},
            presets=SMALL_PRESET,
            rows={"LSTM + DropConnect": {"weight_drop": 0.2}, "LSTM + MoS": {"experts": 3}},
            searched={"lm": {**TINY_LM, "epochs": 1}},
            evolution={"population": 4, "sample": 2, "cycles": 4},
            sharing={"population": 4, "cycles": 0, "sharing": 2},
            match={"lm": "LSTM:24"},
            all_matched=True,
        ),
        SMALL: Scale(
            seeds=3,
            presets=SMALL_PRESET,
            rows={"LSTM + DropConnect": {"weight_drop": 0.2}, "LSTM + MoS": {"experts": 3}},
            searched={"lm": SMALL_SEARCH},
            evolution={"population": 20, "sample": 5, "cycles": 60},
            sharing={"population": 20, "cycles": 0, "sharing": 10},
            match={"lm": "LSTM:128"},
            all_matched=True,
        ),
        PAPER: Scale(
            seeds=3,
            evolution={"population": 100, "sample": 25, "cycles": 5000},
            sharing={"population": 100, "cycles": 0, "sharing": 8},
            match={"lm": "24M"},
        ),
    },
    notes=(
        "At the scales tiny and small all rows are trained alike (preset `small`) and at the"
        " parameters of one LSTM: MoS mixes three softmaxes, DropConnect drops a fifth.",
        "The paper's ENAS* and ENAS† are runs of others' code; it does not say over how many seeds"
        " any figure is.",
        "The paper does not publish its found cell as text, nor do Li and Talwalkar theirs: both"
        " rows are searches of our own.",
    ),
)
