"""Data sets through the package `datasets`, here always of local files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fenas_lang import hub
from fenas_lang.diagnostics import FenError

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    for split, label in (("train", 1), ("test", -1)):
        (data / f"{split}.csv").write_text(f'text,label\n"a ""b"", c",{label}\n')
    return data


def refused(reference: str) -> str:
    with pytest.raises(FenError) as error:
        hub.load(reference)
    return str(error.value)


def test_a_directory_of_files_is_read_by_splits_and_columns(directory: Path) -> None:
    splits = hub.load(f"hub:{directory}")
    assert {split: dict(columns) for split, columns in splits.items()} == {
        "train": {"text": ['a "b", c'], "label": [1]},
        "test": {"text": ['a "b", c'], "label": [-1]},
    }
    assert hub.load(f"{directory}/default") == splits


def test_a_saved_data_set_keeps_numbers_for_classes(tmp_path: Path) -> None:
    features = datasets.Features({"label": datasets.ClassLabel(names=["no", "yes"])})
    rows = datasets.Dataset.from_dict({"label": [1, 0, -1]}, features=features)
    datasets.DatasetDict(validation=rows).save_to_disk(tmp_path / "saved")
    assert hub.load(f"hub:{tmp_path / 'saved'}") == {"validation": {"label": [1, 0, -1]}}


@pytest.mark.parametrize(
    "named, readings",
    [
        ("wikitext", [("wikitext", None)]),
        ("glue/cola", [("glue/cola", None), ("glue", "cola")]),
        ("nyu-mll/glue/cola", [("nyu-mll/glue", "cola")]),
    ],
)
def test_what_a_name_may_mean(named: str, readings: list[tuple[str, str | None]]) -> None:
    assert list(hub._readings(named)) == readings


def test_what_is_not_there(directory: Path) -> None:
    assert "cannot load `hub:nobody/nothing`: Couldn't reach" in refused("hub:nobody/nothing")
    message = refused(f"hub:{directory}/nope")
    assert f"no such directory, and as configuration `nope` of `{directory}`" in message
    assert "'nope' not found" in message


@pytest.mark.parametrize("path", ["/no/such/data", "./no/data", "../no/data/x"])
def test_a_path_is_not_looked_for_on_the_hub(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.load_dataset", lambda *_: pytest.fail("it was"))
    assert f"cannot load `hub:{path}`: there is no such directory" in refused(f"hub:{path}")


def test_a_damaged_file(directory: Path) -> None:
    (directory / "train.csv").write_bytes(b"\xff\xfe\x00")
    assert "FEN441" in refused(f"hub:{directory}")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "FEN440" in refused("hub:a/b") and "fenas-lang[hub]" in refused("hub:a/b")


@pytest.mark.parametrize("split, column", [("valid", "text"), ("train", "sentence")])
def test_a_column_that_is_not_there(split: str, column: str) -> None:
    splits = {"train": {"text": ["a"], "label": [0]}}
    with pytest.raises(FenError, match=r"FEN442.*`hub:x` has no .*; it has `t"):
        hub.columns(splits, split, column, "hub:x")


def test_only_names_with_the_prefix_are_references() -> None:
    assert hub.is_reference("hub:a/b") and hub.is_reference(Path("hub:a/b"))
    assert not hub.is_reference("a/b") and not hub.is_reference(None)


def test_a_reference_stays_as_it_is_and_a_directory_becomes_absolute(tmp_path: Path) -> None:
    assert hub.located("hub:a/b") == hub.located(Path("hub:a/b")) == "hub:a/b"
    assert hub.located("data") == str(Path.cwd() / "data")
    assert hub.located("hub:./data") == f"hub:{Path.cwd() / 'data'}"
    assert hub.located("hub:~/data") == f"hub:{Path.home() / 'data'}"
