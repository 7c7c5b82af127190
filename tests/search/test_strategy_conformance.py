"""What every strategy must do.  A new one is a file, and is tested here without being named."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulated import Simulated, skips
from strategies import SHIPPED
from test_study import start, wait_for
from test_study import trace as run_trace

from fenas_lang import registry
from fenas_lang.check.check import checked
from fenas_lang.check.loader import load
from fenas_lang.search import novelty
from fenas_lang.search import strategy as strategies
from fenas_lang.search.messages import Job
from fenas_lang.search.randomness import stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Strategy
from fenas_lang.search.study import evolve, resume, variation_of
from fenas_lang.search.trial import HIT, Measured
from fenas_lang.source import SourceFile
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space, read_space
from fenas_lang.spaces.request import WORDS

NAMES = sorted(registry.discover(strategies.FOLDER))
every_strategy = pytest.mark.parametrize("name", NAMES)
SEEDS = tuple(str(replace(load(name), comments=load("RNN").comments)) for name in ("LSTM", "GRU"))
LOSSES = {"hidden": 4, "batch": 8, "length": 4, "steps": 6, "examples": 16}
"""Settings of a small task that shows its losses, which shared weights are trained on."""
TINY = "space tiny { states 1; output last node; sample 1 nodes\nnode add, mul }"


def settings(name: str, space: str = "fenas", **options: Any) -> Settings:
    """A small run; seeds in the space that has some."""
    source = SourceFile(TINY) if space == "tiny" else load_space(space).source
    assert source is not None
    read = read_space(source)
    told = Settings(
        task="instant",
        seeds=SEEDS if space == "fenas" else (),
        space=source.text,
        header=None if space == "fenas" else space,
        nodes=1 if space == "tiny" else 5,
        output=WORDS[read.output[0]],
        population=6,
        sample=3,
        cycles=30,
        strategy=name,
    )
    return replace(told, **options)


def made(told: Settings) -> Strategy:
    return strategies.named(told.strategy)(told, variation_of(told))


def trace(simulated: Simulated) -> list[Any]:
    return [trial.trace for trial in simulated.trials]


@every_strategy
@pytest.mark.parametrize("space", SHIPPED)
def test_proposals_are_legal_cells_made_from_trials_that_were_told(name: str, space: str) -> None:
    told = settings(name, space)
    read, strategy = load_space(space), made(told)
    wanted = replace(read, output=(RULES[told.output or "any"],))
    for number in range(20):
        proposal = strategy.ask(number, stream(0, number, "draw 0"))
        checked(proposal.cell, read if number < len(told.seeds) else wanted)
        assert proposal.cell.space == told.header and proposal.edit
        assert all(0 <= parent < number for parent in proposal.parents)
        text = str(proposal.cell)
        score = float(text.count("_skip"))
        strategy.tell(Individual(number, text, score, proposal.parents))


@every_strategy
def test_seeds_come_first_and_once(name: str) -> None:
    told = settings(name)
    found = Simulated(told).run()
    assert [trial.source for trial in found[:2]] == list(map(str, variation_of(told).seeds))
    assert not any(trial.edit.startswith("seed") for trial in found[2:])


@every_strategy
@pytest.mark.parametrize("profile", ["default", "paper"])
def test_one_seed_is_one_trace_in_both_profiles(name: str, profile: str) -> None:
    first, again = (Simulated(settings(name, profile=profile)) for _ in range(2))
    assert [trial.number for trial in first.run()] == list(range(36))
    again.run()
    assert trace(first) == trace(again)
    other = Simulated(settings(name, profile=profile, seed=1))
    other.run()
    assert trace(first) != trace(other)


@every_strategy
@pytest.mark.parametrize("profile", ["default", "paper"])
def test_killed_at_random_points_the_trace_is_the_same(name: str, profile: str) -> None:
    rng = random.Random(f"{name} {profile}")
    whole = Simulated(settings(name, profile=profile), troubled)
    whole.run()
    killed = Simulated(settings(name, profile=profile), troubled)
    for most in sorted(rng.sample(range(1, 36), 4)):
        killed.run(most)
        killed.restart()
    killed.run()
    assert trace(killed) == trace(whole)


def troubled(job: Job) -> Measured:
    """Every third cell cannot be trained."""
    return Measured(reason="cursed") if job.seed % 3 == 0 else skips(job)


def hopeless(job: Job) -> Measured:
    return Measured(reason="cursed")


@every_strategy
@pytest.mark.parametrize("measure", [troubled, hopeless])
def test_failures_do_not_end_a_search(name: str, measure: Callable[[Job], Measured]) -> None:
    found = Simulated(settings(name), measure).run()
    assert len(found) == 36
    failed = {trial.number for trial in found if trial.score is None}
    assert failed and not failed & {parent for trial in found for parent in trial.parents}


@every_strategy
def test_the_same_cell_told_again_and_again_is_no_trouble(name: str) -> None:
    told = settings(name)
    strategy = made(told)
    for number in range(50):
        strategy.tell(Individual(number, SEEDS[0], 1.0, (0,) if number else ()))
        proposal = strategy.ask(number + 1, stream(0, number + 1, "draw 0"))
        checked(proposal.cell)


@every_strategy
def test_scores_may_have_any_size(name: str) -> None:
    def enormous(job: Job) -> Measured:
        score = -1e300 if job.seed % 2 else 1e300
        return Measured(score, score)

    assert len(Simulated(settings(name), enormous).run()) == 36


@every_strategy
def test_a_space_without_new_cells_ends_the_search(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(novelty, "PATIENCE", 30)
    simulated = Simulated(settings(name, "tiny", cycles=3000))
    found = simulated.run()
    assert len(simulated.messages) == 1 and "30 asks in a row" in simulated.messages[0]
    assert len({trial.key for trial in found if trial.outcome != HIT}) == 2


@every_strategy
def test_in_the_paper_profile_a_tight_space_is_searched_to_the_end(name: str) -> None:
    assert len(Simulated(settings(name, "tiny", profile="paper")).run()) == 36


@every_strategy
def test_a_population_never_grows_beyond_its_size(name: str) -> None:
    told = settings(name)
    strategy = made(told)
    for number in range(60):
        proposal = strategy.ask(number, stream(0, number, "draw 0"))
        text = str(proposal.cell)
        score = float(text.count("_skip"))
        strategy.tell(Individual(number, text, score, proposal.parents))
        assert len(getattr(strategy, "alive", ())) <= told.population


@every_strategy
@pytest.mark.parametrize("profile", ["default", "paper"])
def test_several_workers_finish_in_any_order(name: str, profile: str) -> None:
    simulated = Simulated(settings(name, profile=profile), troubled, workers=4)
    found = simulated.run(rng=random.Random(0))
    assert sorted(trial.number for trial in found) == list(range(36))
    place = {trial.number: k for k, trial in enumerate(found)}
    for trial in found:
        assert all(place[parent] < place[trial.number] for parent in trial.parents)


@every_strategy
def test_several_workers_lose_only_what_was_running(name: str) -> None:
    simulated = Simulated(settings(name), workers=4)
    simulated.run(17, random.Random(1))
    kept = trace(simulated)
    simulated.restart()
    simulated.run(rng=random.Random(2))
    assert trace(simulated)[: len(kept)] == kept
    assert sorted(trial.number for trial in simulated.trials) == list(range(36))


@every_strategy
def test_it_says_what_it_is(name: str) -> None:
    module = registry.load(strategies.FOLDER, name, "strategy")
    assert (module.__doc__ or "").strip() and module.Strategy.__doc__


@every_strategy
def test_the_command_line_names_it(name: str) -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
    assert f"`{name}`" in documentation


@pytest.mark.slow
@every_strategy
def test_a_real_run_killed_twice_is_the_uninterrupted_one(name: str, tmp_path: Path) -> None:
    """With processes and a store: SIGKILL at random moments, then resumed to the end."""
    told = {"population": 6, "sample": 3, "cycles": 24, "nodes": 5, "seed": 3, "strategy": name}
    task, sizes, slower = "stub_tasks:Instant", {}, {"pause": 0.02}
    if getattr(strategies.named(name), "shares", False):
        task, sizes, slower = "adding", LOSSES, LOSSES
        told |= {"nodes": 2, "repeats": 1, "sharing": 2}
    evolve(["LSTM", "GRU"], task, store=tmp_path / "whole.db", settings=sizes, **told)
    path, rng = tmp_path / "run.db", random.Random(time.time_ns())
    options = {**told, "settings": slower}
    shown = ", ".join(f"{name}={value!r}" for name, value in options.items())
    begun = f"evolve(['LSTM', 'GRU'], {task!r}, store={str(path)!r}, {shown})"
    for call, least in ((begun, rng.randint(1, 12)), (f"resume({str(path)!r})", 15)):
        process = start(call)
        wait_for(path, least)
        time.sleep(rng.random() * 0.05)
        process.kill()
        process.communicate()
    resume(path)
    assert run_trace(path) == run_trace(tmp_path / "whole.db")
