"""A found cell beside the LSTM, the GRU and random cells at equal parameters, and its structure."""

from __future__ import annotations

from fenas_lang.analysis.structure import Structure, structure
from fenas_lang.check.loader import load
from fenas_lang.experiments.findings import Findings, run_folder
from fenas_lang.experiments.recipe import PAPER, SMALL, TINY, Random, Recipe, Row, Scale, Settings
from fenas_lang.experiments.recipes.table1 import (
    COLUMNS,
    FENAS,
    SMALL_PRESET,
    SMALL_SEARCH,
    TINY_LM,
)
from fenas_lang.experiments.summary import Line, Summary, Table, comparison
from fenas_lang.ir.lower import lower

FOUND = "found cell"
LIVE, SKIPS, RELUS = "live nodes", "skips", "ReLUs"
WEIGHTED, PLAIN = "weighted edges", "plain edges"
PLAIN_LAYER: Settings = {"dropout_x": 0.0, "dropout_h": 0.0, "dropout_edges": 0.0}
"""PyTorch's layers know no dropout within; their row and the LSTM beside it have none there."""


def summarise(findings: Findings) -> Summary:
    """The comparison, and the structure of the cells beside the paper's words."""
    rows = [row for row in findings.plan.recipe.rows if row.cells]
    lines = [Line("paper's found cell", {}, {SKIPS: 2, RELUS: 0, WEIGHTED: EQUAL, PLAIN: EQUAL})]
    for row in rows:
        found = _structure(findings, row)
        if found is not None:
            lines.append(Line(row.label, _counts(found)))
    columns = (LIVE, SKIPS, RELUS, WEIGHTED, PLAIN)
    table = Table("Structure", columns, tuple(lines), {SKIPS: 0, RELUS: 0})
    return Summary((comparison(findings), table), remarks=(_words(findings),))


EQUAL = "about equal"


def _structure(findings: Findings, row: Row) -> Structure | None:
    """Of the first cell of a row that was trained as one."""
    for name in findings.units_of(row):
        path = run_folder(findings.folder, findings.units[name]) / "cell.fen"
        if path.is_file():
            return structure(lower(load(path)))
    return None


def _counts(found: Structure) -> dict[str, str]:
    relus = sum(count for name, count in found.functions.items() if "relu" in name)
    values = (found.live_nodes, found.skips, relus, found.weighted_edges, found.plain_edges)
    return dict(zip((LIVE, SKIPS, RELUS, WEIGHTED, PLAIN), map(str, values), strict=True))


def _words(findings: Findings) -> str:
    """The found cell's source, for a reader."""
    for row in findings.plan.recipe.rows:
        for name in findings.units_of(row) if row.label == FOUND else ():
            path = run_folder(findings.folder, findings.units[name]) / "cell.fen"
            if path.is_file():
                return f"The found cell is {path.relative_to(findings.folder)}."
    return "There is no found cell yet."


RECIPE = Recipe(
    title="The found cell",
    about="a found cell (--store, or searched) beside LSTM, nn.LSTM, GRU and random cells, and its"
    " structure",
    tasks=("lm",),
    columns=COLUMNS,
    rows=(
        Row(FOUND, (FENAS,), "stage2", matched=True),
        Row("LSTM", ("LSTM",), "stage2", matched=True),
        Row("GRU", ("GRU",), "stage2", matched=True),
        *(
            Row(f"random cell {seed + 1}", (Random(seed),), "stage2", matched=True)
            for seed in range(3)
        ),
        *(
            Row(f"{name}, no dropout within", (cell,), "stage2", settings=PLAIN_LAYER, matched=True)
            for name, cell in (("LSTM", "LSTM"), ("nn.LSTM", "torch.nn.LSTM"))
        ),
        Row("unigram", reference=("unigram",)),
    ),
    search_presets={"lm": "stage1"},
    takes_store=True,
    summarise=summarise,
    scales={
        TINY: Scale(
            seeds=2,
            settings={"lm": TINY_LM},
            presets=SMALL_PRESET,
            searched={"lm": {**TINY_LM, "epochs": 1}},
            evolution={"population": 4, "sample": 2, "cycles": 6},
            match={"lm": "LSTM:24"},
        ),
        SMALL: Scale(
            seeds=3,
            settings={"lm": {"tokens": 150_000, "epochs": 2}},
            presets=SMALL_PRESET,
            searched={"lm": SMALL_SEARCH},
            evolution={"population": 20, "sample": 5, "cycles": 180},
            match={"lm": "LSTM:128"},
        ),
        PAPER: Scale(
            seeds=3,
            evolution={"population": 100, "sample": 25, "cycles": 5000},
            match={"lm": "24M"},
        ),
    },
    notes=(
        "The paper says of its cell: skip connections only twice, no ReLU, and roughly equally many"
        " edges with and without weights.",
    ),
)
