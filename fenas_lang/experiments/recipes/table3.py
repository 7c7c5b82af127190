"""Table 3 of the paper: the test sets of GLUE, whose labels only the GLUE server has."""

from __future__ import annotations

from dataclasses import replace

from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.plan import slug
from fenas_lang.experiments.recipe import Recipe
from fenas_lang.experiments.recipes import table2
from fenas_lang.experiments.submission import missing, packed
from fenas_lang.experiments.summary import Line, Summary, Table

HEAD = (*table2.NAMES, table2.AVERAGE)
PUBLISHED: dict[str, tuple[str, ...]] = {
    "LSTM": (
        *("17.1", "86.9", "71.0/78.9", "83.2/62.7", "67.8/65.6"),
        *("64.9/65.8", "77.4", "52.1", "65.1", "64.3"),
    ),
    "ENAS-RL": (
        *("14.7", "84.1", "74.5/82.6", "83.8/63.0", "72.6/70.7"),
        *("66.0/66.6", "78.5", "51.0", "65.1", "64.8"),
    ),
    "ENAS-RS": (
        *("16.7", "85.6", "73.7/81.6", "81.9/61.5", "72.5/70.4"),
        *("66.9/67.5", "78.8", "53.1", "65.1", "65.3"),
    ),
    "FENAS": (
        *("16.4", "86.6", "71.0/78.9", "84.9/63.7", "73.2/71.0"),
        *("66.6/66.0", "79.1", "52.7", "65.1", "65.6"),
    ),
}


def summarise(findings: Findings) -> Summary:
    """The submissions as they stand, and the paper's figures."""
    lines = []
    for row in findings.plan.recipe.rows:
        paper = dict(zip(HEAD, PUBLISHED[row.label], strict=True))
        names = findings.units_of(row)
        failures = tuple(dict.fromkeys(filter(None, map(findings.reason, names))))
        lines.append(Line(row.label, {}, paper, failures=failures))
    folders = [
        f"submissions/{slug(row.label)}-{seed}"
        for row in findings.plan.recipe.rows
        for seed in range(findings.plan.seeds)
    ]
    remarks = tuple(_remark(findings, folder) for folder in folders)
    return Summary((Table(RECIPE.title, HEAD, tuple(lines)),), remarks=remarks)


def _remark(findings: Findings, folder: str) -> str:
    lacking = missing(findings.folder / folder, findings.plan.tasks)
    if lacking:
        return f"{folder} still lacks {', '.join(lacking)}."
    return f"{packed(findings.folder / folder).name} is ready for the GLUE server."


RECIPE: Recipe = replace(
    table2.RECIPE,
    title="Table 3: GLUE, test sets",
    about="the same models' files for the GLUE server, which alone can score them",
    columns=(),
    rows=table2.ROWS,
    predicts=True,
    summarise=summarise,
    notes=(
        "Nothing can be scored here: the labels of the test sets are on the GLUE server."
        "  https://gluebenchmark.com takes a zip of the files; `AX.tsv`, of its diagnostic set, is"
        " not made here and may be that of its sample submission.",
        *table2.NOTES[1:],
    ),
)
