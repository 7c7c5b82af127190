"""The sentences and labels of a GLUE task, from its official files or from the hub."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from fenas_lang import hub
from fenas_lang.glue_benchmark.files import Table, read_table
from fenas_lang.glue_benchmark.specs import OTHER_VALID, SUBSETS, TOP_SCORE, TRAIN, VALID, Spec
from fenas_lang.rules import glue as rules
from fenas_lang.rules.tasks import NO_SUCH_DIRECTORY

ENDINGS = (".tsv", ".tsv.gz")
WITH_LABELS = (TRAIN, VALID, OTHER_VALID)


@dataclass(frozen=True)
class Rows:
    """Of each row its one or two sentences, and its label: a class's number, or a score.

    `labels` is None where the split has none.
    """

    sentences: tuple[list[str], ...]
    labels: list[float] | None = None

    def __len__(self) -> int:
        return len(self.sentences[0])


@dataclass(frozen=True)
class Corpus:
    """All splits there are.  `facts` say in words what is not as in the official task."""

    splits: Mapping[str, Rows] = field(repr=False)
    facts: tuple[str, ...] = ()

    @property
    def checksum(self) -> str:
        """sha256 over sentences and labels, so that one task has one, wherever it is read from."""
        total = sha256()
        for name, rows in sorted(self.splits.items()):
            columns = [*rows.sentences, map(str, rows.labels or ())]
            texts = ("\n".join(column) for column in columns)
            for text in (name, *texts):
                total.update(sha256(text.encode(errors="surrogatepass")).digest())
        return total.hexdigest()


def load(spec: Spec, data: Path | str) -> Corpus:
    """Read a task from a directory, GLUE's or the task's own, or from `hub:DATASET`.

    Raises FenError: FEN440 to FEN442 of the hub, FEN406 and FEN481 for what is not there, FEN408,
    FEN409 and FEN482 to FEN486 for files that are damaged or of another form.
    """
    return _from_hub(spec, str(data)) if hub.is_reference(data) else _from_files(spec, Path(data))


def _from_files(spec: Spec, data: Path) -> Corpus:
    if not os.path.isdir(data):
        hint = "get GLUE from https://gluebenchmark.com/tasks, or use `--data hub:nyu-mll/glue`"
        raise NO_SUCH_DIRECTORY.error(path=data, hint=hint)
    tables = {split: _table(spec, path) for split, path in _paths(spec, data).items()}
    facts = tuple(fact for split, table in tables.items() for fact in _facts(spec, split, table))
    return Corpus({s: _rows(spec, s, table) for s, table in tables.items()}, facts)


def _paths(spec: Spec, data: Path) -> dict[str, Path]:
    """The file of each split that is there; raises FEN481 where one must be and is not."""
    folder = data / spec.folder if os.path.isdir(data / spec.folder) else data
    found = {}
    for split, name in spec.splits.items():
        path = _path(folder, name) or _path(folder, SUBSETS.get(split, name))
        if path is not None:
            found[split] = path
        elif split in SUBSETS:
            raise rules.NO_GLUE_FILE.error(path=data, wanted=f"{name}.tsv", folder=spec.folder)
    return found


def _facts(spec: Spec, split: str, table: Table) -> Iterator[str]:
    """What is to be known of a split's file."""
    name, file = table.path.name.split(".")[0], spec.splits[split]
    if name != file:
        whole = f" of {spec.rows:,}" if split == TRAIN else ""
        rows = f"{len(table.lines):,} rows{whole}"
        yield f"{name}.tsv stands in for {file}.tsv ({rows})"
    if table.left_out:
        yield f"{table.left_out} broken lines of {table.path.name} are left out"


def _path(folder: Path, name: str) -> Path | None:
    return next((p for e in ENDINGS if os.path.isfile(p := folder / f"{name}{e}")), None)


def _table(spec: Spec, path: Path) -> Table:
    return read_table(path, spec.headless, spec.sentences[0], spec.irregular)


def _rows(spec: Spec, split: str, table: Table) -> Rows:
    sentences = tuple(table.column(name) for name in spec.sentences)
    if split not in WITH_LABELS:
        return Rows(sentences)
    place = table.place(spec.label)
    labels = [_label(spec, fields[place], number, table.path) for number, fields in table.lines]
    return Rows(sentences, labels)


def _label(spec: Spec, given: str, line: int, path: Path) -> float:
    """A class's number, or the score."""
    if given in spec.labels:
        return spec.labels.index(given)
    score = math.nan if spec.labels else _number(given)
    if not 0 <= score <= TOP_SCORE:
        known = ", ".join(f"`{label}`" for label in spec.labels) or "a number from 0 to 5"
        shown = f"`{given}`" if given else "missing"
        raise rules.UNKNOWN_LABEL.error(path=path, line=line, given=shown, known=known)
    return score


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _from_hub(spec: Spec, reference: str) -> Corpus:
    """Of the hub's GLUE, which is `nyu-mll/glue` there; the task's name is its configuration."""
    named = reference.removesuffix(f"/{spec.name}") + f"/{spec.name}"
    loaded = hub.load(named)
    splits = {}
    for split, name in spec.hub.items():
        if name in loaded or split in (TRAIN, VALID):
            splits[split] = _hub_rows(spec, split, loaded, named)
    return Corpus(splits)


def _hub_rows(spec: Spec, split: str, loaded: Mapping[str, Any], reference: str) -> Rows:
    def column(name: str) -> list[Any]:
        return hub.columns(loaded, spec.hub[split], name, reference)

    sentences = tuple(column(name) for name in spec.hub_sentences or spec.sentences)
    if split not in WITH_LABELS:
        return Rows(sentences)
    return Rows(sentences, _hub_labels(spec, column("label"), f"{reference} {split}"))


def _hub_labels(spec: Spec, labels: Sequence[Any], where: str) -> list[float]:
    """Numbers as the hub has them; one out of range is an unknown label of its row."""
    top = len(spec.labels) - 1 if spec.labels else TOP_SCORE
    for row, label in enumerate(labels, start=1):
        if not 0 <= label <= top:
            known = f"a number from 0 to {top:g}"
            raise rules.UNKNOWN_LABEL.error(path=where, line=row, given=label, known=known)
    return [float(label) if not spec.labels else int(label) for label in labels]
