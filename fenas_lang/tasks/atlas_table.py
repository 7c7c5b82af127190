"""An atlas as a table: one line of CSV a cell, below a line of JSON after `#` with the plan.

The metric of a training that diverged is empty, `-` that of one that is still to be made; the
failure of a cell that is not trained yet says so.  A name that ends in `.gz` is compressed.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

from fenas_lang.rules import tables as rules
from fenas_lang.tasks.atlas_file import FORMAT, AtlasCell, AtlasFile, Contents, Plan, Trained

SUFFIXES = (".csv", ".csv.gz")
NOT_YET, LEFT = "not trained yet", "-"
COLUMNS = ("number", "key", "live_nodes", "useless", "trained_as", "failure", "source")
DAMAGE = (ValueError, KeyError, TypeError, AttributeError)
"""What reading a damaged table raises."""


def contents(path: Path) -> Contents:
    """What is in an atlas, be it the file or the table of one.  Raises FEN433."""
    if path.name.endswith(SUFFIXES):
        return _read(path)
    with AtlasFile.open(path) as atlas:
        return atlas.contents()


def table(found: Contents) -> str:
    """The text of the table; `contents` reads the same from it, but the times."""
    file = io.StringIO()
    about = {"format": FORMAT, "plan": asdict(found.plan), "references": found.references}
    file.write(f"# {json.dumps(about)}\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"{task}_{seed}" for task, seed in _trainings(found.plan))])
    writer.writerows(_line(found, cell) for cell in found.cells)
    return file.getvalue()


def compressed(text: str) -> bytes:
    """The same bytes for the same text, whenever it is written."""
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _trainings(plan: Plan) -> list[tuple[str, int]]:
    return [(task, seed) for task in plan.tasks for seed in range(plan.seeds)]


def _line(found: Contents, cell: AtlasCell) -> Iterator[object]:
    trained = found.of(cell)
    failure = NOT_YET if trained is None else trained.failure
    yield from (cell.number, cell.key, cell.live_nodes, cell.useless, cell.trained_as)
    yield from (failure, cell.source)
    for task, seed in _trainings(found.plan):
        yield _word(trained, task, seed)


def _word(trained: Trained | None, task: str, seed: int) -> str:
    if trained is None or not trained.metrics:
        return ""
    metrics = trained.metrics[task]
    if seed >= len(metrics):
        return LEFT
    metric = metrics[seed]
    return "" if metric is None else repr(metric)


def _read(path: Path) -> Contents:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        about, lines = text.split("\n", 1)
        return _parsed(json.loads(about.removeprefix("#")), csv.DictReader(io.StringIO(lines)))
    except OSError as error:  # which of gzip are some
        raise rules.NOT_AN_ATLAS.error(path=path, reason=error.strerror or error) from None
    except (EOFError, *DAMAGE):
        reason = "it is not a table that `fenasc atlas export` wrote"
        raise rules.NOT_AN_ATLAS.error(path=path, reason=reason) from None


def _parsed(about: Mapping[str, object], lines: csv.DictReader[str]) -> Contents:
    if about["format"] != FORMAT:
        raise ValueError(about["format"])
    plan = Plan(**about["plan"])  # type: ignore[arg-type]
    rows = list(lines)
    cells = tuple(_cell(row) for row in rows)
    alone = (row for row, cell in zip(rows, cells, strict=True) if cell.trained_as == cell.number)
    trained = {int(r["number"]): _trained(r, plan) for r in alone if r["failure"] != NOT_YET}
    return Contents(plan, dict(about["references"]), cells, trained)  # type: ignore[call-overload]


def _cell(row: Mapping[str, str]) -> AtlasCell:
    number, nodes, trained_as = (int(row[n]) for n in ("number", "live_nodes", "trained_as"))
    return AtlasCell(number, row["key"], row["source"], nodes, row["useless"], trained_as)


def _trained(row: Mapping[str, str], plan: Plan) -> Trained:
    if row["failure"]:
        return Trained({}, failure=row["failure"])
    return Trained({task: tuple(_metrics(row, task, plan.seeds)) for task in plan.tasks})


def _metrics(row: Mapping[str, str], task: str, seeds: int) -> Iterator[float | None]:
    words = (row[f"{task}_{seed}"] for seed in range(seeds))
    return map(_metric, takewhile(lambda word: word != LEFT, words))


def _metric(text: str) -> float | None:
    return float(text) if text else None
