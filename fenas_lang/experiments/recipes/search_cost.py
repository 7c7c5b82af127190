"""What a search costs, method by method, beside the paper's GPU days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.recipe import GLUE, PAPER, SMALL, TINY, Recipe, Row, Scale, family
from fenas_lang.experiments.recipes import table1, table2
from fenas_lang.experiments.statistics import Estimate, estimate
from fenas_lang.experiments.summary import Line, Summary, Table
from fenas_lang.experiments.units import sessions

WALL, PROCESSOR, TRIALS, DAYS = "wall, s", "processor, h", "trials", "GPU days"
PAPER_DAYS = {("FENAS", "lm"): 8.0, ("ENAS", "lm"): 0.5}
PAPER_DAYS |= {("FENAS", "glue"): 4.0, ("ENAS", "glue"): 0.8}
"""On one Tesla P100; on GLUE the average of the tasks."""
HOUR = 3600


def summarise(findings: Findings) -> Summary:
    """A table for each family of tasks."""
    families = dict.fromkeys(map(family, findings.plan.tasks))
    columns = (WALL, PROCESSOR, TRIALS, DAYS)
    digits = {WALL: 0, PROCESSOR: 3, TRIALS: 0, DAYS: 1}
    return Summary(
        tuple(
            Table(f"Cost of a search: {name}", columns, tuple(_lines(findings, name)), digits)
            for name in families
        )
    )


def _lines(findings: Findings, name: str) -> Iterator[Line]:
    for row in findings.plan.recipe.rows:
        names = [
            unit
            for p, unit in findings.plan.places.items()
            if p.row == row.label and family(p.task) == name
        ]
        good = [unit for unit in names if not findings.reason(unit)]
        days = PAPER_DAYS.get((row.label, name))
        yield Line(
            row.label,
            dict(_figures(findings, good)),
            {} if days is None else {DAYS: days},
            trainings=len(good),
            planned=len(names),
            seconds=findings.seconds(good),
            failures=tuple(dict.fromkeys(filter(None, map(findings.reason, names)))),
            note=row.note,
        )


def _figures(findings: Findings, names: list[str]) -> Iterator[tuple[str, Estimate]]:
    """Over all searches of a line."""
    if not names:
        return
    took = [sessions(name, findings.folder) for name in names]
    yield WALL, estimate([one.seconds for one in took])
    yield PROCESSOR, estimate([one.processor / HOUR for one in took])
    found = [findings.search(name) for name in names]
    yield TRIALS, estimate([float(len(result.trials)) for result in found if result is not None])


RECIPE = Recipe(
    title="Cost of a search",
    about="seconds and processor hours of a search, method by method, beside the paper's GPU days",
    tasks=("lm", *GLUE),
    rows=(
        Row("FENAS", (table1.FENAS,)),
        *(
            Row(label, (replace(search, settings=table2.ONE_LAYER),))
            for label, search in (("ENAS", table1.ENAS), ("random search WS", table1.RANDOM_WS))
        ),
    ),
    search_presets={"lm": "stage1", "glue": "stage1"},
    searches_only=True,
    summarise=summarise,
    scales={
        TINY: Scale(
            seeds=1,
            tasks=("lm", "wnli"),
            searched={**table1.RECIPE.scales[TINY].searched, **table2.RECIPE.scales[TINY].searched},
            evolution={"population": 4, "sample": 2, "cycles": 4},
            sharing={"population": 4, "cycles": 0, "sharing": 2},
        ),
        SMALL: Scale(
            seeds=1,
            tasks=("lm", "mrpc", "rte"),
            searched={
                **table1.RECIPE.scales[SMALL].searched,
                **table2.RECIPE.scales[SMALL].searched,
            },
            evolution=table1.RECIPE.scales[SMALL].evolution,
            sharing=table1.RECIPE.scales[SMALL].sharing,
        ),
        PAPER: Scale(
            seeds=1,
            evolution=table1.RECIPE.scales[PAPER].evolution,
            sharing=table1.RECIPE.scales[PAPER].sharing,
            vectors=True,
        ),
    },
    notes=(
        "Wall and processor times are of the search's processes with all their workers; sessions"
        " that were killed are not counted, nor is the processor time of children on a Ray cluster."
        "  The paper's are days of one Tesla P100 each.",
        "Searches that share weights train one network and then score all trials with it; at the"
        " end their best cell is trained from new weights, which is counted.",
    ),
)
