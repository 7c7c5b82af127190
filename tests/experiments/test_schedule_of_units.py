"""Units in order: what is done is skipped, what was begun goes on, what fails costs only itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_experiment import Instant

from fenas_lang.experiments import schedule
from fenas_lang.experiments.schedule import Here, Schedule
from fenas_lang.experiments.units import PREDICT, SAMPLE, SEARCH, TRAIN, Unit, filled


def unit(name: str, kind: str = TRAIN, **values: Any) -> Unit:
    product = f"{name}/result.json" if kind == TRAIN else f"{name}.txt"
    return Unit(name, kind, (kind, name), product, (kind, "--resume", name), **values)


def run(units: list[Unit], folder: Path, **values: Any) -> tuple[dict[str, str], Instant]:
    place = Instant(folder, **values)
    ended = Schedule(units, folder, place, lambda text: None).run()
    assert place.closed
    return {name: one.reason for name, one in ended.items()}, place


def test_all_end_and_a_second_time_nothing_runs(tmp_path: Path) -> None:
    units = [unit("cell", SAMPLE), unit("one", after=("cell",)), unit("two")]
    ended, place = run(units, tmp_path)
    assert ended == {"cell": "", "one": "", "two": ""}
    names = [name for name, _ in place.ran]
    assert names.index("cell") < names.index("one")
    again, idle = run(units, tmp_path)
    assert again == ended and idle.ran == []


def test_a_failure_costs_itself_and_what_needs_it(tmp_path: Path) -> None:
    units = [unit("cell", SAMPLE), unit("one", after=("cell",)), unit("two")]
    ended, _ = run(units, tmp_path, fails={"cell": "no such space"})
    assert ended == {"cell": "no such space", "one": "needs cell, which failed", "two": ""}
    again, place = run(units, tmp_path)
    assert again == {"cell": "", "one": "", "two": ""}
    assert [name for name, _ in place.ran] == ["cell", "one"]


def test_one_that_was_begun_goes_on(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "run.json").write_text("{}")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "half").write_text("of a file")
    _, place = run([unit("one"), unit("two")], tmp_path)
    assert dict(place.ran) == {"one": (TRAIN, "--resume", "one"), "two": (TRAIN, "two")}
    assert not (tmp_path / "two" / "half").exists()


def test_one_that_makes_nothing_has_failed(tmp_path: Path) -> None:
    ended, _ = run([unit("store", SEARCH), unit("one", after=("store",))], tmp_path)
    assert ended["store"] == "ended well, but made nothing"
    assert ended["one"] == "needs store, which failed"


def test_not_more_at_a_time_than_workers(tmp_path: Path) -> None:
    _, place = run([unit(str(number)) for number in range(9)], tmp_path, workers=3)
    assert place.most <= 4


def test_a_wide_unit_is_alone(tmp_path: Path) -> None:
    place = Here(tmp_path, {}, 2)
    wide, other = unit("wide", wide=True), unit("other")
    assert place.room(wide, []) and place.room(other, [other])
    assert not place.room(wide, [other]) and not place.room(other, [wide])
    assert not place.room(other, [other, other])
    place.close()


def test_what_comes_after_a_wide_unit_waits_for_it(tmp_path: Path) -> None:
    class Busy(Instant):
        def room(self, unit: Unit, running: Any) -> bool:
            return not unit.wide or len(self.ran) == 1

    place = Busy(tmp_path)
    units = [unit("before"), unit("wide", wide=True), unit("after")]
    Schedule(units, tmp_path, place, lambda text: None).run()
    assert [name for name, _ in place.ran] == ["before", "wide", "after"]


def test_an_interruption_waits_for_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Instant(tmp_path)

    def interrupt(*_: Any, **__: Any) -> Any:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(schedule, "wait", interrupt)
    planned = Schedule([unit("one")], tmp_path, place, lambda text: None)
    with pytest.raises(KeyboardInterrupt):
        planned.run()
    assert place.closed and planned.ended["one"].reason == ""


def test_words_are_filled_in() -> None:
    words = ("evolve", "--data", "{data:lm}", "--workers", "{workers}", "vectors={data:glue}")
    assert filled(words, {"lm": "/ptb", "glue": "/g"}, 3) == [
        *("evolve", "--data", "/ptb", "--workers", "3", "vectors=/g")
    ]


def test_predictions_are_units_too(tmp_path: Path) -> None:
    ended, _ = run([unit("one"), unit("tsv", PREDICT, after=("one",))], tmp_path)
    assert ended == {"one": "", "tsv": ""}
