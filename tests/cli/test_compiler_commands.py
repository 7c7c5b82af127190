"""fenasc compile, analyze, cells, spaces, sample, count, import: output, files and exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fenas_lang.check import loader
from fenas_lang.check.check import check_text
from fenas_lang.check.loader import shipped_cells
from fenas_lang.emit import targets

TWO = "cell A(x, h) -> n { n = tanh(@x, @h) }\ncell B(x, h) -> n { n = relu(@x, @h) }\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_emitted_module_runs_as_it_is(fenasc):
    assert fenasc("compile", "gru.fen", "-o", "gru.py").status == 0
    environment = {**os.environ, "PYTHONPATH": ""}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "gru.py"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert "GRU(" in ran.stdout


@pytest.mark.parametrize("target", targets())
def test_every_target_prints(fenasc, target):
    ran = fenasc("compile", "lstm.fen", "--emit", target)
    assert ran.status == 0 and len(ran.out) > 100


def test_a_model_goes_to_a_file_or_a_pipe(fenasc):
    words = ("compile", "gru.fen", "--emit", "onnx", "--input-size", 3, "--hidden-size", 4)
    assert fenasc(*words, "-o", "gru.onnx").status == 0
    command = [sys.executable, "-m", "fenas_lang", *map(str, words)]
    piped = subprocess.run(command, capture_output=True, timeout=120)
    assert (piped.returncode, piped.stdout) == (0, Path("gru.onnx").read_bytes())
    assert fenasc(*words, "--seed", 1, "-o", "other.onnx").status == 0
    assert Path("other.onnx").read_bytes() != piped.stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_model_does_not_go_to_a_terminal():
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "fenas_lang", "compile", "gru.fen", "--emit", "onnx"]
    ran = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(terminal)
    os.close(controller)
    assert ran.returncode == 2
    assert "FEN234" in ran.stderr and "`-o FILE`" in ran.stderr


def test_an_unknown_target_lists_them(fenasc):
    ran = fenasc("compile", "gru.fen", "--emit", "tourch")
    assert ran.status == 2
    assert "torch" in ran.err and "mermaid" in ran.err


def test_which_cell_of_several(fenasc):
    Path("two.fen").write_text(TWO)
    ran = fenasc("compile", "two.fen")
    assert ran.status == 2 and "FEN263" in ran.err and "two.fen:A" in ran.err
    assert "class B" in fenasc("compile", "two.fen:B").out
    missing = fenasc("compile", "two.fen:C")
    assert missing.status == 2 and "FEN264" in missing.err


def test_a_cell_that_does_not_check(fenasc):
    Path("bad.fen").write_text("cell A(x, h) -> n { n = tanh(@x, @g) }")
    for command in ("compile", "analyze"):
        ran = fenasc(command, "bad.fen")
        assert ran.status == 2 and "FEN012" in ran.err and ran.out == ""


def test_a_folder_and_a_place_that_cannot_be_written(fenasc):
    Path("folder").mkdir()
    assert "FEN262" in fenasc("compile", "folder").err
    ran = fenasc("compile", "gru.fen", "-o", "no/such/gru.py")
    assert ran.status == 2 and "FEN261" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_on_standard_output():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "fenas_lang", "cells", "GRU"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ran.returncode == 2
    assert "No space left" in ran.stderr and "Traceback" not in ran.stderr


def test_a_failed_write_keeps_the_old_file(fenasc, monkeypatch):
    Path("gru.py").write_text("old")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ran = fenasc("compile", "gru.fen", "-o", "gru.py")
    assert ran.status == 2 and "No space left" in ran.err
    assert Path("gru.py").read_text() == "old" and os.listdir() == ["gru.py"]


def test_analyze_says_what_it_is(fenasc):
    ran = fenasc("analyze", "gru.fen", "--svg", "gru.svg")
    assert "exactly torch.nn.GRU" in ran.out and "picture: gru.svg" in ran.out
    assert Path("gru.svg").read_text().startswith("<")


def test_analyze_json_has_the_documented_fields(fenasc):
    found = json.loads(fenasc("analyze", "lstm.fen", "--format", "json").out)
    assert found["version"] == 1
    figures = {k: found[k] for k in ("nodes", "skips", "weighted_edges", "plain_edges", "depth")}
    wanted = {"nodes": 9, "skips": 0, "weighted_edges": 8, "plain_edges": 9, "depth": 5}
    assert figures == wanted
    assert found["parameters"] == {"formula": "4*D*H + 4*H**2 + 4*H", "value": 721200}
    assert found["canonical_key"].startswith("fen1:")
    assert found["ring_key"].startswith("ring1:")
    for field in ("live_nodes", "functions", "output_rule", "name", "space"):
        assert field in found


def test_cells_lists_all_and_prints_one(fenasc):
    rows = json.loads(fenasc("cells", "--format", "json").out)
    assert [row["name"] for row in rows] == list(shipped_cells())
    assert check_text(fenasc("cells", "lstm").out) == []


def test_spaces_lists_and_prints(fenasc):
    listed = fenasc("spaces").out
    assert all(name in listed for name in ("fenas", "enas", "darts", "nas_bench_nlp", "open"))
    Path("mine.space").write_text(
        fenasc("spaces", "fenas").out.replace("space fenas", "space mine")
    )
    ran = fenasc("sample", "--space", "mine.space", "--nodes", 4)
    assert ran.status == 0 and "in mine" in ran.out


def test_samples_repeat_and_check(fenasc):
    words = ("sample", "--space", "enas", "--count", 5, "--seed", 3)
    first, second = fenasc(*words), fenasc(*words)
    assert first.out == second.out
    assert not [d for d in check_text(first.out) if d.severity == "error"]


def test_count(fenasc):
    ran = fenasc("count", "--space", "darts", "--format", "json")
    assert json.loads(ran.out)["count"] == 4**8 * 40320
    assert fenasc("count", "--space", "open", "--nodes", 4096).status == 0


def test_import(fenasc):
    ran = fenasc("import", "[('relu', 0), ('tanh', 1)]", "--from", "darts", "--name", "Mine")
    assert "cell Mine in darts" in ran.out and check_text(ran.out) == []
    assert fenasc("import", "[('relu', 7)]", "--from", "darts").status == 2


def test_cells_as_a_map(fenasc, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(loader, "shipped_cells", lambda: ["GRU", "UGRNN", "RNN"])
    target = tmp_path / "map.svg"
    assert fenasc("cells", "--map", "-o", target).status == 0
    assert "GRU contains UGRNN" in target.read_text()
    found = json.loads(fenasc("cells", "--map", "--format", "json").out)
    assert found["version"] == 1 and len(found["boxes"]) == 3
    assert found["arrows"] == [{"contains": 0, "contained": 1, "square": False}]
