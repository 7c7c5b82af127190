"""Who goes on from a rung, and runs with rungs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.search.halving import Halving, reached
from fenas_lang.search.status import status
from fenas_lang.search.store import Store
from fenas_lang.search.study import evolve
from fenas_lang.search.summary import status_text
from fenas_lang.search.trial import HIT, SCORED, SEARCH, Measured, Trial

RUN: dict[str, Any] = {
    "settings": {"steps": 12, "examples": 64, "length": 4, "hidden": 4},
    "fidelity": (1, 2, 6),
    "eta": 2,
    "population": 5,
    "sample": 2,
    "cycles": 7,
    "nodes": 4,
    "repeats": 1,
}


def trial(number: int, *scores: float, outcome: str = SCORED) -> Trial:
    rungs = [{"epochs": 3**k, "score": score} for k, score in enumerate(scores)]
    measured = Measured(scores[-1], scores[-1], facts={"rungs": rungs})
    return Trial(number, SEARCH, (), "", "", 0, outcome, measured)


def told(*trials: Trial, eta: int = 3) -> Halving:
    halving = Halving((1, 3, 9), eta)
    for one in trials:
        halving.tell(one)
    return halving


def test_the_first_go_on_whatever_they_reach() -> None:
    nobody = ((1, None), (3, None), (9, None))
    assert told().cutoffs() == told(trial(0, 0.5)).cutoffs() == nobody


def test_one_in_eta_goes_on() -> None:
    halving = told(*(trial(number, number / 10) for number in range(8)))
    assert halving.cutoffs() == ((1, 0.5), (3, None), (9, None))


@pytest.mark.parametrize("eta", [2, 3, 4])
def test_who_reaches_the_cutoff_is_among_the_best_of_its_rung(eta: int) -> None:
    rng = random.Random(eta)
    for count in range(eta - 1, 20):
        scores = [rng.random() for _ in range(count)]
        cutoff = told(*(trial(k, s) for k, s in enumerate(scores)), eta=eta).cutoffs()[0][1]
        assert cutoff is not None
        new = rng.random()
        among = sum(score > new for score in scores) < (count + 1) // eta
        assert (new >= cutoff) == among


def test_hits_count_for_nobody_and_the_last_rung_cuts_nothing() -> None:
    halving = told(*(trial(k, 0.1, 0.2, 0.3) for k in range(5)), trial(9, 5, 6, 7, outcome=HIT))
    assert halving.cutoffs() == ((1, 0.1), (3, 0.2), (9, None))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("halving") / "run.db"
    evolve(["LSTM"], "adding", store=path, **RUN)
    return path


def trials(path: Path) -> list[Trial]:
    with Store.open(path) as opened:
        return opened.trials(SEARCH)


def test_every_rung_is_in_the_record_and_the_last_is_the_score(store: Path) -> None:
    found = [trial for trial in trials(store) if trial.outcome == SCORED]
    lengths = {tuple(epochs for epochs, _ in reached(trial)) for trial in found}
    assert lengths <= {(1,), (1, 2), (1, 2, 6)} and len(lengths) > 1
    assert all(reached(trial)[-1][1] == trial.score for trial in found)


def test_a_trial_went_on_exactly_where_it_was_among_the_best(store: Path) -> None:
    halving = Halving(RUN["fidelity"], RUN["eta"])
    for one in trials(store):
        if one.outcome == SCORED:
            rungs = reached(one)
            cutoffs = dict(halving.cutoffs())
            passed = [(cutoffs[e] is None or s >= (cutoffs[e] or 0)) for e, s in rungs]
            assert passed == [True] * (len(rungs) - 1) + [rungs[-1][0] == 6]
        halving.tell(one)


def test_status_counts_the_rungs(store: Path) -> None:
    found = status(store)
    assert list(found.rungs) == [1, 2, 6] and found.rungs[1] >= found.rungs[2] >= found.rungs[6]
    document = json.loads(json.dumps(found.as_json()))
    assert document["rungs"] == {str(epochs): n for epochs, n in found.rungs.items()}
    assert f"rungs     {found.rungs[1]} to 1, " in status_text(found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fidelity": (3, 1)}, "rising numbers of epochs"),
        ({"fidelity": (0, 1)}, "rising numbers of epochs"),
        ({"fidelity": (1, 7)}, "at most 6, the epochs of a training on adding"),
        ({"fidelity": (), "patience": 7}, "patience is 7, and must be at most 6"),
        ({"eta": 1}, "eta is 1"),
    ],
)
def test_rungs_that_do_not_fit(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(FenError, match=rf"FEN522.*{message}"):
        evolve(["LSTM"], "adding", store=tmp_path / "run.db", **{**RUN, **options})
    assert not (tmp_path / "run.db").exists()


def test_a_task_without_epochs_has_no_rungs(tmp_path: Path) -> None:
    given = {**RUN, "settings": {}}
    with pytest.raises(FenError, match=r"FEN522.*does not count epochs"):
        evolve(["LSTM"], "stub_tasks:Instant", store=tmp_path / "run.db", **given)
