"""`fenasc bench` on tiny shapes, in one round: what it prints, not how fast anything is."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fenas_lang.bench import engine
from fenas_lang.bench.problem import Candidate

TINY = ("--shapes", "3,2,4", "--runs", "1", "--threads", "1")
Fenasc = Callable[..., Any]


def test_the_table(fenasc: Fenasc) -> None:
    ran = fenasc("bench", "LSTM", "GRU", *TINY, "--shapes", "3,2,4 2,1,3,4", "--also", "")
    assert ran.status == 0
    head, *lines = (line for line in ran.out.splitlines() if "  " in line)
    columns = ("cell", "shape", "step", "ms", "of peak", "÷ lstm", "÷ torch", "÷ eager", "÷ gru")
    assert " ".join(head.split()) == " ".join(columns)
    rows = [line.split()[:3] for line in lines if line.split()[0] in ("LSTM", "GRU")]
    shapes, steps = ("3,2,4", "2,1,3,4", "mean"), ("train", "inference")
    both = [[cell, s, step] for cell in ("LSTM", "GRU") for s in shapes[:2] for step in steps]
    assert rows == both + [[cell, "mean", step] for cell in ("LSTM", "GRU") for step in steps]
    assert "1/4" in ran.err and "plan:" not in ran.out


def test_json(fenasc: Fenasc, tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    words = ("--against", "eager,gru", "--steps", "train", "--format", "json", "-o", file)
    assert fenasc("bench", "LSTM", "--random", 1, *TINY, *words).status == 0
    found = json.loads(file.read_text("utf-8"))
    assert found["version"] == 1
    assert set(found) == {
        *("version", "machine", "settings", "measurements", "means", "peaks", "rows"),
        *("left_out", "targets"),
    }
    assert set(found["measurements"][0]) == {
        *("cell", "group", "shape", "step", "candidate", "milliseconds", "engine_ratio"),
        *("gigaflops", "peak_share", "same_cell", "prepared_seconds", "note"),
    }
    places = [(m["cell"], m["step"], m["candidate"]) for m in found["measurements"]]
    candidates = ("engine", "eager", "gru")
    assert places == [(c, "train", p) for c in ("LSTM", "Random1") for p in candidates]
    same = {m["candidate"]: m["same_cell"] for m in found["measurements"]}
    assert same == {"engine": True, "eager": True, "gru": False}
    assert found["rows"][0]["figures"]["milliseconds"] > 0
    assert {"processor", "torch", "python"} <= set(found["machine"])


def test_a_cell_that_two_sizes_do_not_fit(fenasc: Fenasc) -> None:
    ran = fenasc(
        "bench", "-", *TINY, "--shapes", "3,2,4,5", stdin="cell P(x, h) -> n { n = x * h }"
    )
    assert ran.status == 2 and "FEN201" in ran.err


def test_a_file_that_cannot_be_written_is_said_at_once(fenasc: Fenasc, tmp_path: Path) -> None:
    ran = fenasc("bench", "LSTM", *TINY, "-o", tmp_path / "missing" / "times.json")
    assert ran.status == 2 and "its folder does not exist" in ran.err and "1/1" not in ran.err


@pytest.mark.parametrize(
    "words, code",
    [
        (("LSTM", "--against", "lstn"), "FEN290"),
        (("LSTM", "--also", "heap"), "FEN290"),
        (("LSTM", "--shapes", "Z"), "FEN291"),
        (("--also", ""), "FEN293"),
        (("LSTM", "--steps", "training"), "FEN294"),
    ],
)
def test_wrong_words(fenasc: Fenasc, words: tuple[str, ...], code: str) -> None:
    ran = fenasc("bench", *words)
    assert ran.status == 2 and code in ran.err and ran.out == ""


def test_a_missing_peer_is_left_out(fenasc: Fenasc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    ran = fenasc("bench", "RNN", *TINY, "--against", "jax,eager", "--also", "")
    assert ran.status == 0 and "left out: jax: jax is not installed" in ran.out
    assert "÷ eager" in ran.out and "÷ jax" not in ran.out


def test_no_peer_left_is_an_error(fenasc: Fenasc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    ran = fenasc("bench", "RNN", *TINY, "--against", "jax")
    assert ran.status == 2 and "FEN292" in ran.err and "jax is not installed" in ran.err


def test_a_wrong_candidate_is_not_timed(fenasc: Fenasc, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(problem: Any) -> Candidate:
        right = made(problem)
        return Candidate("engine", lambda: [2 * v + 1 for v in right.run("inference")()])  # type: ignore[misc]

    made = engine.candidate
    monkeypatch.setattr(engine, "candidate", doubled)
    ran = fenasc("bench", "RNN", *TINY, "--steps", "inference", "--also", "")
    assert ran.status == 5 and "computes something else" in ran.out and "÷ eager" not in ran.out


def test_the_plan_alone(fenasc: Fenasc) -> None:
    ran = fenasc("-q", "bench", "--also", "plan")
    assert ran.status == 0 and ran.out.startswith("plan: a new cell is planned") and not ran.err


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax: extra `bench`")
@pytest.mark.filterwarnings("ignore")
def test_jax_in_the_table(fenasc: Fenasc) -> None:
    ran = fenasc("bench", "RNN", *TINY, "--against", "jax", "--also", "")
    assert ran.status == 0 and "÷ jax" in ran.out
