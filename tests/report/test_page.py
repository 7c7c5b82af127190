"""The page of a run, as text and as a reader sees it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import WIDTHS, look
from run_stores import EDITS, TASK, failed, trial, written

from fenas_lang.report.page import page_of, report
from fenas_lang.report.run import read_run
from fenas_lang.search.store import Store
from fenas_lang.search.trial import HIT, Measured, Trial

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script> \"quoted\" 'too' ]]> </style> &amp; \u202egnorw\u202c \x07"


def whole(path: Path, count: int = 50) -> Path:
    trials = [failed(n) if n % 9 == 8 else trial(n) for n in range(count)]
    trials[4] = replace(trials[4], outcome=HIT, measured=Measured(0.5, 0.5), copy_of=2)
    return written(path, trials)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(whole(tmp_path_factory.mktemp("run") / "run.db"))


def test_it_says_what_ran(page: str) -> None:
    text = words(page)
    for fact in ("digits", "valid_accuracy", "0123abcd", "fenas", "aging", "hidden 16, epochs 3"):
        assert fact in text
    assert "2001-09-09 01:46 UTC" in text


def test_it_shows_the_lineage_the_savings_and_the_failures(page: str) -> None:
    text = words(page)
    assert "1 cell took the score of an equal one, and 25 useless ones were refused" in text
    assert "ignores `x` 25" in text
    assert "5 × not finite" in text and "the loss is nan" in text
    assert re.search(r"Cell_\d+ 0\.\d+ \+0\.\d+ \(better\) operation of h: step", text)


def test_it_loads_nothing(page: str) -> None:
    targets = re.findall(r'(?:src|href|url)\s*[=(]\s*"?([^")\s>]*)', page)
    assert set(targets) <= {"data:,"}
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_a_reader_sees_it_all(page: str, tmp_path: Path) -> None:
    for seen, width in zip(look(page, tmp_path), WIDTHS, strict=True):
        assert seen["title"] == seen["heading"].replace("\n", " ")
        assert seen["title"].endswith("on digits")
        assert seen["cards"] == len(EDITS)
        assert seen["pictures"] == len(EDITS)
        assert seen["line"] > width / 3
        assert seen["overflow"] <= 0
        assert seen["scripts"] == 0


def _broken(number: int) -> Trial:
    measured = Measured(0.1, 0.1, started=1e9, seconds=1)
    return trial(number, source=HOSTILE, measured=measured, key="broken")


def test_hostile_texts_are_only_texts(tmp_path: Path) -> None:
    comment = HOSTILE.replace("\x07", "")
    cells = [
        trial(n, source=f"# {comment}\n{trial(n).source}", edit=HOSTILE, key=str(n))
        for n in range(4)
    ]
    cells += [failed(4, HOSTILE, f"{HOSTILE}\n" * 80), _broken(5)]
    task = TASK | {"task": HOSTILE, "references": {HOSTILE: 0.4}, "checksum": HOSTILE}
    path = written(tmp_path / "hostile.db", cells, task | {"settings": {HOSTILE: HOSTILE}})
    text = report(path)
    assert "<script" not in text and "</style> " not in text
    assert not re.search("[\x00-\x08\u202a-\u202e]", text)
    for seen in look(text, tmp_path):
        assert seen["scripts"] == 0
        assert "<script>alert(1)</script> \"quoted\" 'too' ]]> </style> &amp;" in seen["text"]
        assert "\\u202egnorw\\u202c" in seen["text"]
        assert seen["overflow"] <= 0


def test_runs_of_every_kind(tmp_path: Path) -> None:
    empty = words(report(written(tmp_path / "empty.db", [])))
    assert "No score yet on digits" in empty and "no trial has a score" in empty
    one = words(report(written(tmp_path / "one.db", [trial(0)])))
    assert "Cell_0: valid_accuracy 0.4 on digits" in one and "interrupted" in one
    bad = words(report(written(tmp_path / "failed.db", [failed(0), failed(1)])))
    assert "2 × not finite" in bad and "No score yet" in bad
    with Store.open(whole(tmp_path / "open.db"), write=True) as store:
        assert "running" in words(report(store.location))
        store.note("ended", "finished")
    assert "finished" in words(report(tmp_path / "open.db"))


def test_five_thousand_trials_are_a_small_page(tmp_path: Path) -> None:
    run = read_run(written(tmp_path / "large.db", [trial(0)], cycles=4995))
    text = page_of(replace(run, trials=[trial(n) for n in range(5000)]))
    assert len(text.encode()) < 2e6
    dots = re.search(r'class="dots" d="([^"]*)"', text)
    assert dots and 500 < dots[1].count("M") <= 5000


def test_the_command(tmp_path: Path) -> None:
    whole(tmp_path / "run.db", 6)
    done = subprocess.run(
        [sys.executable, "-m", "fenas_lang", "report", "run.db", "-o", "report.html"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "wrote report.html\n"
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
