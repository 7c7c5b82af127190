"""The family of the best cells: who is in it, and that the tree is drawn without overlaps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from run_stores import failed, trial, written

from fenas_lang.report.family import ANCESTORS, LINE, MEMBERS, SIBLINGS, Family, family
from fenas_lang.report.family_drawing import GRADES, Tree, draw_family, tree
from fenas_lang.report.run import Run, read_run
from fenas_lang.search.trial import HIT, Measured, Trial


def run_of(folder: Path, trials: Sequence[Trial]) -> Run:
    run = read_run(written(folder / "run.db", [trial(0)]))
    return replace(run, trials=trials)


def child(number: int, parent: int | None, score: float) -> Trial:
    parents = () if parent is None else (parent,)
    key = f"fen1:{number}"
    return trial(number, parents=parents, measured=Measured(score, score), key=key)


def evolved(count: int, seed: int) -> list[Trial]:
    """Children of the best of three of the last thirty, as evolution makes them."""
    rng = random.Random(seed)
    trials = [child(number, None, rng.random()) for number in range(5)]
    for number in range(5, count):
        parent = max(rng.choices(trials[-30:], k=3), key=lambda t: t.score or 0.0)
        made = child(number, parent.number, (parent.score or 0.0) + rng.gauss(0, 0.1))
        trials.append(failed(number) if rng.random() < 0.1 else made)
    return trials


def lines(found: Family) -> set[int]:
    return {number for number, member in found.items() if member.on_line}


def test_all_ancestors_and_their_scored_children_are_there(tmp_path: Path) -> None:
    trials = [child(0, None, 0.1), child(1, 0, 0.2), child(2, 0, 0.05), failed(3), child(4, 1, 0.9)]
    equal = replace(child(5, 1, 0.9), outcome=HIT, key=trials[4].key)
    trials += [equal, child(6, 2, 0.01)]
    trials[3] = replace(trials[3], parents=(1,))
    found = family(run_of(tmp_path, trials))
    assert lines(found) == {0, 1, 2, 4, 6}  # all are among the best twelve
    assert found[4].place == 1 and found[1].children == 3
    assert [found[n].parent for n in (0, 1, 2, 4)] == [None, 0, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_bounded_and_closed(tmp_path: Path, seed: int) -> None:
    run = run_of(tmp_path, evolved(2000, seed))
    found = family(run)
    assert len(found) <= MEMBERS and len(lines(found)) <= ANCESTORS
    assert run.best[0].number in found and found[run.best[0].number].place == 1
    for number, member in found.items():
        assert member.parent is None or (member.parent in found and member.parent < number)
        others = [m for m in found.values() if m.parent == number and not m.on_line]
        assert len(others) <= SIBLINGS
        assert all(m.trial.score is not None for m in others)


def test_a_long_line_says_how_much_of_it_is_left_out(tmp_path: Path) -> None:
    trials = [child(n, n - 1 if n else None, n / 1000) for n in range(900)]
    run = run_of(tmp_path, trials)
    found = family(run)
    assert {0, 899} <= lines(found) and LINE <= len(lines(found)) <= ANCESTORS
    left_out = sum(member.skipped for member in found.values())
    assert left_out == 900 - len(lines(found))
    shown = tree(found)
    assert shown is not None
    page = drawn(run, shown)
    assert [e.text for e in page.iter("title")].count(f"{left_out} steps between are left out") == 1


def drawn(run: Run, shown: Tree) -> Element:
    page = Element("body")
    draw_family(page, run, shown)
    return page


@pytest.mark.parametrize("seed", range(5))
def test_nothing_lies_on_anything(tmp_path: Path, seed: int) -> None:
    run = run_of(tmp_path, evolved(800, seed))
    shown = tree(family(run))
    assert shown is not None
    assert len(set(shown.places.values())) == len(shown.places)
    for number, member in shown.family.items():
        if member.parent is not None:
            column, row = shown.places[member.parent]
            assert shown.places[number][0] == column + 1 and shown.places[number][1] >= row
            between = {(column, r) for r in range(row + 1, shown.places[number][1])}
            assert not between & set(shown.places.values())


def test_better_cells_have_higher_grades(tmp_path: Path) -> None:
    run = run_of(tmp_path, evolved(300, 1))
    shown = tree(family(run))
    assert shown is not None
    ordered = sorted(shown.grades, key=lambda number: shown.family[number].trial.score or 0.0)
    grades = [shown.grades[number] for number in ordered]
    assert grades == sorted(grades) and (grades[0], grades[-1]) == (0, GRADES - 1)


def test_every_best_cell_has_its_number_in_the_drawing(tmp_path: Path) -> None:
    run = run_of(tmp_path, evolved(300, 2))
    shown = tree(family(run))
    assert shown is not None
    page = drawn(run, shown)
    drawn_places = [int(e.text or 0) for e in page.iter("text") if e.get("class") == "place"]
    places = {m.place for m in shown.family.values() if m.place is not None}
    assert set(drawn_places) == places and len(drawn_places) == len(places)


def test_where_nobody_has_a_child_there_is_no_tree(tmp_path: Path) -> None:
    run = run_of(tmp_path, [child(n, None, n / 10) for n in range(9)])
    assert tree(family(run)) is None
    assert tree(family(replace(run, trials=[failed(0)]))) is None
