"""An outside program as a mutation: what it is told, and that nothing it does harms a run."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from test_evolve_command import SHORT, fenasc
from test_study import run, start, trace, trials, wait_for

from fenas_lang.check.check import checked
from fenas_lang.check.loader import loads
from fenas_lang.diagnostics import FenError
from fenas_lang.search.program import MOST
from fenas_lang.search.program import run as run_program
from fenas_lang.search.status import status
from fenas_lang.search.study import resume
from fenas_lang.search.trial import FAILED, HIT, SEARCH, Trial

HEAD = """
import json, os, random, sys, time
request = json.load(sys.stdin)
parent = request["parents"][0]
with open({calls!r}, "a") as log:
    log.write(json.dumps(request) + "\\n")
"""
SWAP = """
words = ["tanh(", "relu(", "sigmoid(", "identity("]
text = parent["source"]
old, new = random.sample(words, 2)
print("# from " + old + " to " + new)
print(text.replace(old, new, 1))
"""
ILLEGAL = "print('cell A(x, h) -> a { a = tanh(@y, @h) }')"
SMALL: dict[str, Any] = {"population": 4, "sample": 2, "cycles": 10, "seed": 3, "cells": ["GRU"]}


def program(folder: Path, body: str) -> str:
    """A command that runs a script, which notes what it was asked."""
    script = folder / "propose.py"
    script.write_text(HEAD.format(calls=str(folder / "calls")) + body)
    return f"'{sys.executable}' '{script}'"


def calls(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "calls").read_text().splitlines()
    return [json.loads(line) for line in lines]


def evolved(folder: Path, body: str, **options: Any) -> list[Trial]:
    path = folder / "run.db"
    run(path, mutator=program(folder, body), **{**SMALL, **options})
    return trials(path, SEARCH)


def test_children_of_a_program_are_trials_as_any(tmp_path: Path) -> None:
    found = evolved(tmp_path, SWAP)
    children = [trial for trial in found if trial.parents]
    assert len(found) == 14 and len(children) == 10
    by_number = {trial.number: trial for trial in found}
    for child in children:
        assert child.edit.startswith("by the mutator: from ")
        parent = by_number[child.parents[0]]
        if "diff" not in child.measured.facts:  # the program swapped nothing that was there
            assert (
                child.outcome == HIT and child.source.split("{")[1] == parent.source.split("{")[1]
            )
            continue
        removed, added = child.measured.facts["diff"].splitlines()
        assert removed[2:] in parent.source and added[2:] in child.source
        assert checked(loads(child.source)).cell.documentation == ""


def test_what_it_is_told(tmp_path: Path) -> None:
    found = {trial.number: trial for trial in evolved(tmp_path, SWAP, profile="paper")}
    for request in calls(tmp_path):
        (parent,) = request["parents"]
        trial = found[parent["number"]]
        assert (parent["source"], parent["score"]) == (trial.source, trial.score)
        assert parent["name"] == trial.name and request["version"] == 1
        assert request["space"]["name"] == "fenas" and "space fenas" in request["space"]["source"]
        assert request["space"]["output"] == "last" and request["keep_nodes"] is True
        assert request["task"] == {"name": "stub_tasks:Instant", "settings": {}}
        assert request["failures"] == [] and request["attempt"] == 0
    assert [request["trial"] for request in calls(tmp_path)] == list(range(4, 14))


def test_an_illegal_child_is_a_trial_and_the_next_call_sees_why(tmp_path: Path) -> None:
    body = f"if request['failures']:\n{indented(SWAP)}\nelse:\n    {ILLEGAL}\n"
    found = evolved(tmp_path, body)
    (failed,) = [trial for trial in found if trial.outcome == FAILED]
    assert failed.number == 4 and failed.parents and "@y" in failed.source
    assert failed.measured.reason == "mutator: illegal child (FEN012)"
    assert "`y` is not defined" in failed.measured.log
    (seen,) = calls(tmp_path)[-1]["failures"]
    assert seen["trial"] == 4 and seen["source"] == failed.source
    assert seen["diagnostics"][0]["code"] == "FEN012" and seen["diagnostics"][0]["line"] == 1


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.stderr.write('no idea'); sys.exit(3)", "mutator: it ended with status 3"),
        ("os.kill(os.getpid(), 9)", "mutator: signal 9 killed it"),
        ("sys.stdout.buffer.write(b'cell \\xff')", "mutator: what it printed is not UTF-8"),
        ("print(' ')", "mutator: it printed nothing"),
        ("time.sleep(60)", "mutator: time limit"),
        (f"print('x' * {2 * MOST})", f"mutator: it printed more than {MOST:,} bytes"),
        ("print(parent['source'], 'cell A(x, h) -> a { a = tanh(@x, @h) }')", "(FEN545)"),
        ("print('cell A(x, h, c) -> (a, b) { b = c * x; a = tanh(@b, @h) }')", "(FEN545)"),
        ("print('# nothing')", "mutator: illegal child (FEN009)"),
        ("print('a\\0b')", "mutator: illegal child (FEN002)"),
    ],
)
def test_whatever_goes_wrong_is_a_failed_trial(body: str, reason: str, tmp_path: Path) -> None:
    found = evolved(tmp_path, body, cycles=2, mutator_limit=0.8 if "sleep" in body else 60.0)
    failed = [trial for trial in found if trial.parents]
    assert len(found) == 6 and len(failed) == 2
    for trial in failed:
        assert trial.outcome == FAILED and reason in trial.measured.reason
    assert ("no idea" in failed[0].measured.log) == ("no idea" in body)
    assert status(str(tmp_path / "run.db")).failures


def test_the_paper_profile_keeps_the_number_of_nodes(tmp_path: Path) -> None:
    body = "print('cell A(x, h) -> a { a = tanh(@x, @h) }')"
    found = evolved(tmp_path, body, cycles=1, profile="paper")
    assert "it has 1 nodes, and its parent has" in found[-1].measured.log
    (tmp_path / "run.db").unlink()
    assert evolved(tmp_path, body, cycles=1)[-1].outcome != FAILED


def test_a_program_that_repeats_its_parent_does_not_spin(tmp_path: Path) -> None:
    found = evolved(tmp_path, "print(parent['source'])", cycles=2)
    assert [trial.outcome for trial in found if trial.parents] == [HIT, HIT]
    assert [request["attempt"] for request in calls(tmp_path)] == [*range(21), *range(21)]


def test_among_other_mutations_by_weight(tmp_path: Path) -> None:
    mutations = {"operation": 1.0, "mutator": 1.0}
    found = evolved(tmp_path, SWAP, mutations=mutations, cycles=16)
    edits = {trial.edit.split(" ")[0] for trial in found if trial.parents}
    assert edits == {"by", "operation"}


def test_a_run_that_is_killed_does_not_ask_again(tmp_path: Path) -> None:
    """The program answers by chance, so that asking it again would show."""
    path, rng = tmp_path / "run.db", random.Random(time.time_ns())
    options = {**SMALL, "mutator": program(tmp_path, SWAP), "settings": {"pause": 0.05}}
    seeds = options.pop("cells")
    told = ", ".join(f"{name}={value!r}" for name, value in options.items())
    process = start(f"evolve({seeds!r}, 'stub_tasks:Instant', store={str(path)!r}, {told})")
    wait_for(path, rng.randint(5, 10))
    time.sleep(rng.random() * 0.1)
    process.kill()
    process.communicate()
    before, asked = trace(path), (tmp_path / "calls").read_text()
    resume(path)
    assert trace(path)[: len(before)] == before and len(trials(path, SEARCH)) == 14
    places = [(request["trial"], request["attempt"]) for request in calls(tmp_path)]
    kept = len(set(places)) >= len(places) - 1
    assert kept and (tmp_path / "calls").read_text().startswith(asked)
    copied = tmp_path / "copy.db"
    copied.write_bytes(path.read_bytes())
    forget_trials(copied)
    resume(copied)
    assert trace(copied) == trace(path)
    assert [(r["trial"], r["attempt"]) for r in calls(tmp_path)] == places


def forget_trials(path: Path) -> None:
    """As if it had been killed in the training of the first child, all answers being there."""
    import sqlite3

    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM trials WHERE number >= 4 OR phase = 'final'")
    database.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mutator": "no-such-program-anywhere"}, r"FEN522.*can be run"),
        ({"mutator": "'unclosed"}, r"FEN522.*can be run"),
        ({"mutator": "true", "mutations": {"operation": 1.0}}, r"FEN522.*says `mutator`"),
        ({"mutations": {"mutator": 1.0}}, r"FEN522.*the mutator is missing"),
        ({"mutator": "true", "strategy": "random"}, r"FEN522.*`random` makes no mutants"),
        ({"mutator": "true", "mutator_limit": 0}, r"FEN522.*mutator_limit"),
    ],
)
def test_the_mutator_is_checked_before_the_run(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FenError, match=message):
        run(tmp_path / "run.db", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("strategy", ["elitist", "local", "nsga2"])
def test_every_strategy_that_mutates_takes_one(strategy: str, tmp_path: Path) -> None:
    found = evolved(tmp_path, f"random.choice([1, 2]) == 1 and sys.exit(1)\n{SWAP}", cycles=5)
    assert len(found) == 9 and any(trial.edit.startswith("by the") for trial in found)


def test_the_command(tmp_path: Path) -> None:
    program(tmp_path, SWAP)
    call = f"evolve LSTM --task stub_tasks:Instant --store run.db {SHORT}"
    fenasc(f"{call} --mutator {sys.executable}\\ propose.py", tmp_path, 2)
    (tmp_path / "propose").write_text(f"#!/bin/sh\nexec '{sys.executable}' propose.py\n")
    (tmp_path / "propose").chmod(0o755)
    fenasc(f"{call} --mutator ./propose --mutator-limit 30", tmp_path)
    output, _ = fenasc("export run.db", tmp_path)
    assert "by the mutator: from " in output and "+ " in output


def test_what_a_program_leaves_behind_ends_with_it() -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    began = time.monotonic()
    output = run_program([sys.executable, "-c", script], "", 30)
    assert output.failure == "" and time.monotonic() - began < 20
    process = output.text.strip()
    while Path(f"/proc/{process}").exists() and not is_zombie(process):
        assert time.monotonic() - began < 30  # it would sleep for a minute


def is_zombie(process: str) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"


def test_a_program_need_not_read_what_it_is_given() -> None:
    given = "x" * 5_000_000
    assert run_program(["echo", "cell"], given, 30).text == "cell\n"
    assert run_program(["/no/such"], given, 30).failure.startswith("it cannot be run")
