"""The recovered results of NAS-Bench-NLP (Klyuchnikov et al. 2022, arXiv:2006.07116).

The folder holds `architectures.jsonl.gz` (recipes, each with its number `arch`) and
`ptb_runs.csv.gz` (`arch`, and `final_test_loss` in nats a word, empty where the run diverged).
Recipes with the same canonical key are one member, and its runs are those of them all; recipes
without a run are left out.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.importers.nas_bench_nlp import from_recipe
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.pools._pool import Member, Pool, Runs
from fenas_lang.rules import tables as rules
from fenas_lang.syntax.ast import Cell

SPACE = "nas_bench_nlp"
ARCHITECTURES, RUNS = "architectures.jsonl.gz", "ptb_runs.csv.gz"


def read(folder: Path) -> Pool:
    """The pool.  Raises FEN430 where the folder lacks the files, FEN431 where one is damaged."""
    if not folder.is_dir() or any(not (folder / name).is_file() for name in (ARCHITECTURES, RUNS)):
        raise rules.NO_RESULTS.error(task=SPACE, path=folder, wanted=f"{ARCHITECTURES} and {RUNS}")
    texts = {name: _text(folder / name) for name in (ARCHITECTURES, RUNS)}
    try:
        members = list(_members(texts[ARCHITECTURES], _runs(texts[RUNS])))
    except (ValueError, KeyError, TypeError, FenError) as error:
        raise rules.BAD_RESULTS.error(path=folder, reason=_first_line(error)) from error
    if not members:
        raise rules.BAD_RESULTS.error(path=folder, reason="no recipe has a run")
    checksum = sha256("\n".join(texts.values()).encode()).hexdigest()
    return Pool(SPACE, members, checksum)


def _text(path: Path) -> str:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            return file.read()
    except (OSError, EOFError, ValueError) as error:
        raise rules.BAD_RESULTS.error(path=path, reason=_first_line(error)) from error


def _runs(text: str) -> dict[int, list[float]]:
    """Losses by architecture; not a number where the run diverged."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        found[int(row["arch"])].append(float(row["final_test_loss"] or "nan"))
    return found


def _members(text: str, runs: dict[int, list[float]]) -> Iterator[Member]:
    """Classes by canonical key, in the order of their first recipes."""
    first: dict[str, tuple[Cell, Dataflow]] = {}
    losses: dict[str, list[float]] = defaultdict(list)
    for line in text.splitlines():
        recipe: dict[str, Any] = json.loads(line)
        if not runs.get(recipe["arch"]):
            continue
        cell = from_recipe(recipe, recipe["name"] or f"Recipe{recipe['arch']}")
        dataflow = lower(cell)
        key = canonical_key(dataflow)
        first.setdefault(key, (cell, dataflow))
        losses[key] += runs[recipe["arch"]]
    for key, (cell, dataflow) in first.items():
        finite = tuple(filter(isfinite, losses[key]))
        yield Member(key, cell, dataflow, Runs(finite, len(losses[key]) - len(finite)))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
