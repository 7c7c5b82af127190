"""Five random cells of the space of FENAS on the Penn Treebank, beside the LSTM."""

from fenas_lang.experiments.recipe import PAPER, SMALL, TINY, Random, Recipe, Row, Scale
from fenas_lang.experiments.recipes.table1 import COLUMNS, SMALL_PRESET, TINY_LM, VALID

CELLS = tuple(Random(seed) for seed in range(5))
MEAN = "mean of the five"

RECIPE = Recipe(
    title="Random search baseline: five random cells",
    about="five random cells of the space of FENAS on the Penn Treebank, beside the LSTM",
    tasks=("lm",),
    columns=COLUMNS,
    rows=(
        *(Row(f"random cell {cell.seed + 1}", (cell,), "stage2", matched=True) for cell in CELLS),
        Row(
            MEAN,
            CELLS,
            "stage2",
            {VALID: 126.67},
            matched=True,
            note="the interval is over cells, each with the mean of its seeds",
        ),
        Row("LSTM", ("LSTM",), "stage2", matched=True),
        Row("unigram", reference=("unigram",)),
    ),
    scales={
        TINY: Scale(
            seeds=1, settings={"lm": TINY_LM}, presets=SMALL_PRESET, match={"lm": "LSTM:24"}
        ),
        SMALL: Scale(seeds=3, presets=SMALL_PRESET, match={"lm": "LSTM:128"}),
        PAPER: Scale(seeds=1, match={"lm": "24M"}),
    },
    notes=(
        "The paper says of its five cells that the average perplexity is 126.67: not whether on"
        " validation or test data, nor how they were trained.  It stands in the column of the"
        " validation perplexity here.",
        "Cells are uniform over the numbered lists of nine nodes, with the last node as the output:"
        " about a quarter of those do not read the input or the state.",
    ),
)
