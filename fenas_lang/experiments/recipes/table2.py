"""Table 2 of the paper: the development sets of GLUE."""

from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.recipe import (
    GLUE,
    PAPER,
    SMALL,
    TASKS_MEAN,
    TINY,
    Column,
    Options,
    Recipe,
    Row,
    Scale,
    Search,
    Settings,
)
from fenas_lang.experiments.recipes.table1 import ENAS_SPACE, EVOLUTION, SHARING
from fenas_lang.experiments.summary import Summary, Table, comparison, line

NAMES = ("CoLA", "SST-2", "MRPC", "QQP", "STS-B", "MNLI", "QNLI", "RTE", "WNLI")
AVERAGE = "AVG"
COLUMNS = (
    *(Column(name, task=task, factor=100) for name, task in zip(NAMES, GLUE, strict=True)),
    Column(AVERAGE, TASKS_MEAN),
)
"""Each task's own metric: Matthews, accuracy, Pearson, or the mean of accuracy and F1."""

FENAS = Search("fenas", ("LSTM",), EVOLUTION)
ONE_LAYER: Settings = {"layers": 1}
"""Of ENAS' models, which have the same settings in both stages (appendix A)."""
ENAS_RL = Search("enas-rl", (), ENAS_SPACE, "stage2", ONE_LAYER, "ENAS", sharing=True)
RS_SPACE: Options = {**SHARING, "strategy": "random_ws", "space": "enas"}
ENAS_RS = Search("enas-rs", (), RS_SPACE, "stage2", ONE_LAYER, "ENAS", sharing=True)
PUBLISHED: dict[str, tuple[float, ...]] = {
    "LSTM": (13.9, 86.5, 77.7, 86.7, 72.9, 66.7, 77.0, 56.8, 56.3, 66.1),
    "ENAS-RL": (13.8, 86.4, 76.2, 87.1, 76.8, 67.1, 78.7, 58.5, 56.3, 66.8),
    "ENAS-RS": (15.0, 87.1, 76.0, 85.7, 76.2, 67.5, 78.3, 58.5, 56.3, 66.7),
    "FENAS": (17.5, 87.2, 78.4, 87.1, 77.8, 67.4, 79.2, 59.9, 57.7, 68.0),
}


def paper(label: str) -> dict[str, float]:
    """A row of the paper's table."""
    return dict(zip((*NAMES, AVERAGE), PUBLISHED[label], strict=True))


ROWS = (
    Row("LSTM", ("LSTM",), "stage2", paper("LSTM")),
    Row("ENAS-RL", (ENAS_RL,), "stage2", paper("ENAS-RL"), ONE_LAYER),
    Row("ENAS-RS", (ENAS_RS,), "stage2", paper("ENAS-RS"), ONE_LAYER),
    Row("FENAS", (FENAS,), "stage2", paper("FENAS"), matched=True),
)
TINY_GLUE: Settings = {
    "hidden": 12,
    "epochs": 6,
    "vectors": "none",
    "embedding": 16,
    "learning_rate": 0.01,
    "length": 20,
}
SMALL_SEARCH: Settings = {
    "hidden": 32,
    "epochs": 3,
    "vectors": "package",
    "embedding": 0,
    "learning_rate": 0.001,
    "examples": 1000,
    "valid_examples": 500,
}
MAJORITY = Row(
    "majority class",
    reference=("majority class", "mean score"),
    note="whatever the sentences say; on STS-B the mean score, whose correlation is none",
)

SCALES = {
    TINY: Scale(
        seeds=1,
        settings={"glue": TINY_GLUE},
        searched={"glue": {**TINY_GLUE, "epochs": 1}},
        presets={"glue": "small"},
        evolution={"population": 2, "sample": 2, "cycles": 1},
        sharing={"population": 2, "cycles": 0, "sharing": 1},
        match={"glue": "LSTM:12"},
    ),
    SMALL: Scale(
        seeds=3,
        searched={"glue": SMALL_SEARCH},
        presets={"glue": "small"},
        evolution={"population": 8, "sample": 3, "cycles": 12},
        sharing={"population": 8, "cycles": 0, "sharing": 4},
        match={"glue": "LSTM:64"},
    ),
    PAPER: Scale(
        seeds=3,
        evolution={"population": 100, "sample": 25, "cycles": 5000},
        sharing={"population": 100, "cycles": 0, "sharing": 8},
        match={"glue": "LSTM:1500"},
        vectors=True,
    ),
}

NOTES = (
    "MRPC and QQP: the paper gives one figure for accuracy and F1; it is taken to be their mean.",
    "ENAS-RL, ENAS-RS and FENAS are searches of our own, one for each task, as in the paper.",
)

PARTS = (
    Column("MRPC accuracy", "valid_accuracy", "mrpc", 100),
    Column("MRPC F1", "valid_f1", "mrpc", 100),
    Column("QQP accuracy", "valid_accuracy", "qqp", 100),
    Column("QQP F1", "valid_f1", "qqp", 100),
    Column("STS-B Spearman", "valid_spearman", "stsb", 100),
)
"""What one figure of the table stands for, or leaves out."""


def summarise(findings: Findings) -> Summary:
    """The table, and the metrics behind the figures of tasks that have two."""
    columns = [column for column in PARTS if column.task in findings.plan.tasks]
    rows = [row for row in findings.plan.recipe.rows if row.cells]
    lines = tuple(line(findings, row, columns) for row in rows)
    parts = Table("Tasks with two metrics", tuple(c.name for c in columns), lines)
    return Summary((comparison(findings), parts) if columns else (comparison(findings),))


RECIPE = Recipe(
    title="Table 2: GLUE, development sets",
    about="LSTM, ENAS-RL, ENAS-RS and FENAS on the nine development sets of GLUE",
    tasks=GLUE,
    summarise=summarise,
    columns=COLUMNS,
    rows=(*ROWS, MAJORITY),
    search_presets={"glue": "stage1"},
    scales=SCALES,
    notes=NOTES,
)
