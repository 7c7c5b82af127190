"""fenasc atlas, as a user types it, on an atlas whose figures are made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fenas_lang.atlas.cells import all_cells
from fenas_lang.atlas.make import plan
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.atlas_file import AtlasFile, Trained


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "atlas.db"
    cells = all_cells(load_space("atlas"), 1)
    with AtlasFile.create(path, plan(nodes=1, seeds=2), cells) as atlas:
        atlas.note("references", {"adding": 0.2, "copy": 0.5})
        for cell, _ in atlas.left():
            losses = (0.1 + cell.number, None)
            atlas.add(cell.number, Trained({"adding": losses, "copy": losses}, 2.0, 1.0))
    return path


def test_status_in_words_and_as_json(fenasc, made):
    said = fenasc("atlas", "status", made).out
    assert "17 of 17 cells trained" in said and "34 of them diverged" in said
    assert "0.25 s of processor, 0.50 s by the clock" in said
    found = json.loads(fenasc("atlas", "status", made, "--format", "json").out)
    totals = ("version", "cells", "useless", "to_train", "trained", "shared")
    assert [found[name] for name in totals] == [1, 18, 12, 17, 17, 1]
    assert found["left"] == {"useful": 0, "useless": 0, "trainings": 0}
    assert found["best"][0][:2] == [0, pytest.approx(0.35)]


def test_export_and_a_resume_with_nothing_left(fenasc, made, tmp_path):
    assert fenasc("atlas", "resume", made).status == 0
    assert fenasc("atlas", "export", made, "-o", tmp_path / "atlas.csv").status == 0
    plan_, lines = (tmp_path / "atlas.csv").read_text().split("\n", 1)
    assert json.loads(plan_.removeprefix("# "))["plan"]["seeds"] == 2
    assert lines.startswith("number,key,live_nodes") and lines.count("fen1:") == 18


def test_a_table_is_as_good_as_the_atlas(fenasc, made, tmp_path):
    table = tmp_path / "atlas.csv.gz"
    assert fenasc("atlas", "export", made, "-o", table).status == 0
    found, original = (
        fenasc("atlas", "status", path, "--format", "json") for path in (table, made)
    )
    best, counts = (json.loads(found.out)[name] for name in ("best", "counts"))
    assert best == json.loads(original.out)["best"] and counts == json.loads(original.out)["counts"]
    assert "FEN433" in fenasc("atlas", "resume", table).err


def test_mistakes_are_named(fenasc, made, tmp_path):
    assert "FEN434" in fenasc("atlas", "make", made).err
    assert "FEN433" in fenasc("atlas", "status", tmp_path / "none.db").err
    ran = fenasc("atlas", "make", tmp_path / "nowhere" / "atlas.db", "--nodes", 1)
    assert ran.status == 5 and "FEN435" in ran.err
