"""The directory of an experiment and its data: what is refused, and what is only more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fenas_lang import experiments
from fenas_lang.diagnostics import FenError
from fenas_lang.experiments import experiment
from fenas_lang.experiments.data import Data, checksum, data_for
from fenas_lang.experiments.experiment import Asked, planned
from fenas_lang.experiments.folder import check_free, opened
from fenas_lang.experiments.plan import Plan, plan

DATA = Data({}, "0")


def made(name: str = "toy", scale: str = "tiny", **values: Any) -> Plan:
    return plan(name, experiments.find(name), scale, **values)


def refuses(code: str, call: Callable[[], Any]) -> str:
    with pytest.raises(FenError, match=code) as caught:
        call()
    return str(caught.value)


def test_the_same_again_and_more_seeds_are_fine(toy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for seeds in (2, 3, 1, 2):
        opened(folder, made(seeds=seeds), DATA)


def test_another_experiment_scale_or_data(toy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    opened(folder, made(), DATA)
    refuses("FEN560.*toy at scale tiny", lambda: opened(folder, made(scale="small"), DATA))
    refuses("FEN560", lambda: opened(folder, made("random-baseline"), DATA))
    refuses("FEN561.*checksum 0", lambda: opened(folder, made(), Data({"lm": "d"}, "1")))
    refuses("FEN560.*made by", lambda: opened(folder, made(store="other.db"), DATA))


def test_other_things_in_the_directory(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    refuses("FEN560.*other things", lambda: check_free(tmp_path))
    check_free(tmp_path / "nowhere")
    (tmp_path / "experiment.json").write_text("{")
    refuses("FEN560.*damaged", lambda: opened(tmp_path, made(), DATA))


def test_a_directory_that_cannot_be_written(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refuses("FEN564", lambda: opened(tmp_path / "file" / "run", made(), DATA))


def test_no_room(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment.shutil, "disk_usage", lambda path: _Free())
    told = Asked("toy", "tiny", folder=tmp_path / "run")
    refuses(r"FEN562.*0\.0 GB are free", lambda: experiment.run(told, print))


class _Free:
    free = 10


def test_data_are_found_in_a_directory_of_both(tmp_path: Path) -> None:
    (tmp_path / "ptb").mkdir()
    (tmp_path / "ptb" / "train.txt").write_text("a b")
    (tmp_path / "glue" / "CoLA").mkdir(parents=True)
    found = data_for("small", ["lm", "glue"], str(tmp_path), tmp_path / "run")
    assert found.paths == {
        "lm": str(tmp_path / "ptb"),
        "glue": str(tmp_path / "glue"),
        "vectors": "none",
    }
    (tmp_path / "glove.6B.300d.txt").write_text("the 0.1")
    found = data_for("small", ["glue"], str(tmp_path), tmp_path / "run")
    assert found.paths["vectors"] == str(tmp_path / "glove.6B.300d.txt")
    one = data_for("small", ["lm"], str(tmp_path / "ptb"), tmp_path / "run")
    assert one.paths == {"lm": str(tmp_path / "ptb")}


def test_the_hub_is_passed_on(tmp_path: Path) -> None:
    found = data_for("paper", ["glue"], "hub:nyu-mll/glue", tmp_path)
    assert found.paths["glue"] == "hub:nyu-mll/glue" and not found.made_up


def test_the_checksum_is_of_names_and_contents(tmp_path: Path) -> None:
    def of(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.txt").write_text(text)
        return checksum([folder])

    assert of(a="1", b="2") == of(b="2", a="1")
    assert len({of(a="1", b="2"), of(a="2", b="1"), of(a="1"), of(a="1", c="2")}) == 4


def test_what_is_missing(tmp_path: Path) -> None:
    refuses("FEN572.*table1.*small", lambda: planned(Asked("table1", "small")))
    refuses("FEN563", lambda: planned(Asked("table1", "small", data="/nowhere")))
    refuses("FEN571.*did you mean `small`", lambda: planned(Asked("table1", "smal")))
    refuses("FEN570.*did you mean `table1`", lambda: planned(Asked("tabel1", "small")))
    refuses("FEN573", lambda: planned(Asked("table1", "small", store="x.db")))


def test_without_data_what_needs_none_is_still_done() -> None:
    made, _ = planned(Asked("lstm-init", "small"))
    assert made.tasks == ("digits",) and made.missing == ("lm",)
