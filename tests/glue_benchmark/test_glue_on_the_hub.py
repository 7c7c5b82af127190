"""The hub's GLUE, here from local data sets of its form."""

from __future__ import annotations

from pathlib import Path

import made_up_glue
import pytest

from fenas_lang import hub
from fenas_lang.diagnostics import FenError
from fenas_lang.glue_benchmark import corpus
from fenas_lang.glue_benchmark.specs import SPECS

COLUMNS = {
    "cola": ("sentence",),
    "sst2": ("sentence",),
    "mrpc": ("sentence1", "sentence2"),
    "qqp": ("question1", "question2"),
    "stsb": ("sentence1", "sentence2"),
    "mnli": ("premise", "hypothesis"),
    "qnli": ("question", "sentence"),
    "rte": ("sentence1", "sentence2"),
    "wnli": ("sentence1", "sentence2"),
}
SPLITS = {
    "train": "train",
    "valid": "validation",
    "test": "test",
}
MATCHED = {
    "train": "train",
    "valid": "validation_matched",
    "test": "test_matched",
    "valid_mismatched": "validation_mismatched",
    "test_mismatched": "test_mismatched",
}


def as_on_the_hub(name: str, read: corpus.Corpus) -> dict[str, hub.Columns]:
    """The columns and splits of the hub's `nyu-mll/glue`."""
    made: dict[str, hub.Columns] = {}
    for split, rows in read.splits.items():
        columns = dict(zip(COLUMNS[name], rows.sentences, strict=True))
        numbers = rows.labels or [-1] * len(rows)
        made[(MATCHED if name == "mnli" else SPLITS)[split]] = {**columns, "label": numbers}
    return made


@pytest.mark.parametrize("name", SPECS)
def test_rows_are_those_of_the_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = corpus.load(SPECS[name], made_up_glue.write(tmp_path))
    asked: list[str] = []

    def load(reference: str) -> dict[str, hub.Columns]:
        asked.append(reference)
        return as_on_the_hub(name, read)

    monkeypatch.setattr(hub, "load", load)
    for reference in ("hub:nyu-mll/glue", f"hub:nyu-mll/glue/{name}", Path("hub:nyu-mll/glue")):
        again = corpus.load(SPECS[name], reference)
        assert again.splits == read.splits and again.checksum == read.checksum
    assert set(asked) == {f"hub:nyu-mll/glue/{name}"}


def test_through_the_package(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    read = corpus.load(SPECS["rte"], made_up_glue.write(tmp_path / "files"))
    splits = {
        split: datasets.Dataset.from_dict(columns)
        for split, columns in as_on_the_hub("rte", read).items()
    }
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved" / "rte")
    again = corpus.load(SPECS["rte"], f"hub:{tmp_path / 'saved'}")
    assert again.checksum == read.checksum


@pytest.mark.parametrize(
    "columns, code, said",
    [
        ({"sentence1": ["a"], "sentence2": ["b"]}, "FEN442", "no column `label`"),
        ({"sentence1": ["a"], "sentence2": ["b"], "label": [-1]}, "FEN484", "the label is -1"),
        ({"sentence1": ["a"], "sentence2": ["b"], "label": [2]}, "FEN484", "from 0 to 1"),
    ],
)
def test_data_of_another_form(
    columns: dict[str, list[object]], code: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "load", lambda _: {"train": columns, "validation": columns})
    with pytest.raises(FenError, match=code) as error:
        corpus.load(SPECS["rte"], "hub:someone/else")
    assert said in str(error.value)


def test_a_split_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"sentence1": ["a"], "sentence2": ["b"], "label": [0]}
    monkeypatch.setattr(hub, "load", lambda _: {"train": columns})
    with pytest.raises(FenError, match=r"FEN442.*no split `validation`"):
        corpus.load(SPECS["rte"], "hub:someone/else")
