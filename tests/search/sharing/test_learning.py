"""Strategies with shared weights in runs: learning, scores, the way back after an interruption."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from fenas_lang.diagnostics import FenError
from fenas_lang.search import strategy as strategies
from fenas_lang.search.randomness import stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.sharing.learning import opened
from fenas_lang.search.sharing.surroundings import Surroundings, place_of
from fenas_lang.search.store import Store
from fenas_lang.search.strategy import Appraising
from fenas_lang.search.study import evolve, resume, variation_of
from fenas_lang.spaces.reader import load_space

NAMES = ("random_ws", "enas", "darts")
SIZES: dict[str, Any] = {"hidden": 4, "batch": 8, "length": 4, "steps": 6, "examples": 16}
SMALL: dict[str, Any] = {"population": 4, "cycles": 0, "nodes": 3, "repeats": 1, "sharing": 3}


def settings(strategy: str, **options: Any) -> Settings:
    name = options.pop("space", "fenas")
    source = load_space(name).source
    assert source is not None
    told = {"task": "adding", "task_settings": SIZES, "output": "last", **SMALL, **options}
    told["nodes"] = 2 if strategy == "darts" else 3
    header = None if name == "fenas" else name
    return Settings(seeds=(), space=source.text, header=header, strategy=strategy, **told)


def begun(told: Settings, **around: Any) -> Appraising:
    made = strategies.named(told.strategy)(told, variation_of(told))
    assert isinstance(made, Appraising)
    made.begin(Surroundings(run="this", **around))
    return made


def outcomes(strategy: Appraising, told: Settings) -> list[tuple[str, str]]:
    """The first candidates and their metrics, exactly."""
    found = []
    for number in range(3):
        cell = strategy.ask(number, stream(told.seed, number, "draw 0")).cell
        measured = strategy.appraise(cell)
        found.append((str(cell), measured.reason or float(measured.metric or 0).hex()))
    return found


class Stop:
    """True from the so many-th time that it is asked."""

    def __init__(self, after: int):
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("name", NAMES)
def test_interrupted_anywhere_it_comes_to_the_same_weights(name: str, tmp_path: Path) -> None:
    told = settings(name)
    whole = outcomes(begun(told), told)
    assert whole == outcomes(begun(told), told)
    for after in (9,) if name == "darts" else (2, 9):
        path = tmp_path / f"{after}.shared"
        with pytest.raises(KeyboardInterrupt):
            outcomes(begun(told, checkpoint=path, stop=Stop(after)), told)
        assert path.exists() == (after >= SIZES["steps"])
        assert outcomes(begun(told, checkpoint=path), told) == whole
        at_the_end = begun(told, checkpoint=path, stop=Stop(0))
        assert outcomes(at_the_end, told) == whole


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_another_outcome(name: str) -> None:
    told, other = settings(name, sharing=1), settings(name, sharing=1, seed=1)
    assert outcomes(begun(told), told) != outcomes(begun(other), other)


@pytest.mark.parametrize("name", ["enas", "darts", "nas_bench_nlp"])
@pytest.mark.parametrize("strategy", NAMES)
def test_every_space_is_served(strategy: str, name: str) -> None:
    output = {"nas_bench_nlp": "any"}.get(name, "all")
    told = settings(strategy, space=name, output=output, sharing=1)
    assert len(outcomes(begun(told), told)) == 3


@pytest.mark.parametrize("name", NAMES)
def test_learning_leaves_torchs_generator_alone(name: str) -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    told = settings(name, sharing=1)
    outcomes(begun(told), told)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("damage", [b"", b"no such thing", None])
def test_a_checkpoint_that_is_damaged_or_of_another_run_is_none(
    damage: bytes | None, tmp_path: Path
) -> None:
    told, path = settings("enas", sharing=1), tmp_path / "run.shared"
    whole = outcomes(begun(told, checkpoint=path), told)
    if damage is not None:
        path.write_bytes(damage)
    made = strategies.named("enas")(told, variation_of(told))
    assert isinstance(made, Appraising)
    made.begin(Surroundings(checkpoint=path, run="another"))
    assert outcomes(made, told) == whole


def test_the_most_probable_cell_comes_first_and_once() -> None:
    told = settings("darts", sharing=1)
    made = begun(told)
    first = made.ask(0, stream(0, 0, "draw 0")).cell
    assert str(first) == str(begun(told).ask(0, stream(0, 0, "draw 7")).cell)
    again = {str(made.ask(0, stream(0, 0, f"draw {k}")).cell) for k in range(1, 9)}
    assert len(again) > 1


def test_a_supernet_learns() -> None:
    pytest.importorskip("sklearn")
    said: list[str] = []
    of_task: dict[str, Any] = {"epochs": 1, "hidden": 16}
    options: dict[str, Any] = {"space": "enas", "output": "all", "sharing": 3}
    told = settings("random_ws", task="digits", task_settings=of_task, **options)
    outcomes(begun(told, say=said.append), told)
    losses = [float(text.rsplit(" ", 1)[1]) for text in said]
    assert len(losses) == 3 and losses[-1] < 0.8 * losses[0]


def test_checkpoints_lie_beside_files_only(tmp_path: Path) -> None:
    assert place_of(str(tmp_path / "run.db")) == tmp_path / "run.db.shared"
    assert place_of("postgresql://host/runs") is None


def traced(path: Path) -> list[tuple[Any, ...]]:
    with Store.open(path) as store:
        return [trial.trace for trial in store.trials()]


@pytest.mark.parametrize("profile", ["paper", pytest.param("default", marks=pytest.mark.slow)])
def test_a_run_trains_its_best_from_scratch(profile: str, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    options = {**SMALL, "population": 5, "profile": profile, "strategy": "random_ws"}
    result = evolve(["LSTM", "GRU"], "adding", store=path, settings=SIZES, **options)
    assert result.final is not None and len(result.final.trials) == 1
    assert result.metric == result.final.metric != result.trial.metric
    facts = [trial.measured.facts for trial in result.trials.values() if trial.score is not None]
    assert len(result.trials) == 5 and all(f["shared_weights"] for f in facts)
    whole = traced(path)
    assert resume(path).metric == result.metric
    assert traced(path) == whole


def test_a_task_that_shows_no_losses_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "class Bare:\n    settings_type = __import__('types').SimpleNamespace(read={})\n"
    text = text.replace("{}", "lambda *_: None") + "    def __init__(self, *_): pass\n"
    (tmp_path / "bare_task.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FenError, match=r"FEN535.*enas.*bare_task:Bare"):
        opened(settings("enas", task="bare_task:Bare", task_settings={}))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_killed_while_it_learns_it_ends_with_the_same_trials(name: str, tmp_path: Path) -> None:
    sizes = {**SIZES, "steps": 10}
    options = {**SMALL, "nodes": 2, "sharing": 8, "strategy": name}
    arguments = [f"--{k}={v}" for k, v in options.items()]
    arguments += [f"--set={k}={v}" for k, v in sizes.items()]
    command = [sys.executable, "-m", "fenas_lang", "evolve", "LSTM", "--task", "adding"]
    whole, killed = tmp_path / "whole.db", tmp_path / "killed.db"
    subprocess.run([*command, *arguments, f"--store={whole}"], check=True, capture_output=True)
    running = subprocess.Popen([*command, *arguments, f"--store={killed}"])
    place = place_of(str(killed))
    assert place is not None
    while not place.exists() and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    resume(killed)
    assert traced(killed) == traced(whole)
