"""Search in a published list: everything proposed is of it, whatever the strategy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import made_up_pool
import pytest

import fenas_lang as fen
from fenas_lang import pools, registry
from fenas_lang.search import strategy as strategies
from fenas_lang.search import study
from fenas_lang.search.pool_variation import PoolVariation
from fenas_lang.search.randomness import stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import FAILED, SCORED
from fenas_lang.spaces.reader import load_space

SPACE = load_space("nas_bench_nlp")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_pool.write(tmp_path_factory.mktemp("data") / "pool")


@pytest.fixture
def told(folder: Path) -> Settings:
    assert SPACE.source is not None
    return Settings(
        task="nas_bench_nlp",
        seeds=(),
        space=SPACE.source.text,
        header="nas_bench_nlp",
        data=str(folder),
        task_settings={"neighbours": 3},
        population=4,
        sample=2,
        cycles=20,
        nodes=9,
        output="any",
    )


def variation(told: Settings) -> PoolVariation:
    found = variation_of(told)
    assert isinstance(found, PoolVariation)
    return found


@pytest.mark.parametrize("name", ["random", "aging", "elitist", "local"])
def test_what_a_strategy_proposes_is_in_the_list(told: Settings, name: str) -> None:
    if name not in registry.discover(strategies.FOLDER):
        pytest.skip(f"there is no strategy {name}")
    told = replace(told, strategy=name)
    made = variation(told)
    strategy = strategies.named(name)(told, made)
    for number in range(24):
        proposal = strategy.ask(number, stream(0, number, "draw 0"))
        key = fen.canonical_key(proposal.cell)
        assert key in made.pool.by_key
        mean = made.pool.by_key[key].runs.mean
        renamed = str(replace(proposal.cell, name=f"Trial_{number}"))
        strategy.tell(Individual(number, renamed, None if mean is None else -mean))


def test_mutants_are_the_nearest_neighbours(told: Settings) -> None:
    made = variation(told)
    parent = made.pool.members[5]
    source = str(replace(parent.cell, name="Random_17"))
    found = {
        made.mutant(Individual(17, source, None), Random(seed)).cell.name for seed in range(60)
    }
    near = made.pool.neighbours(parent.key, parent.dataflow, 3)
    assert found == {member.cell.name for member, _ in near}


def test_a_parent_that_is_not_in_the_list_has_neighbours_too(told: Settings) -> None:
    outside = "cell A in nas_bench_nlp (x, h_prev) -> h { f = identity(@x, @h_prev); h = f * f }"
    proposal = variation(told).mutant(Individual(3, outside, None), Random(0))
    assert proposal.parents == (3,) and "of 3 in the list" in proposal.edit


def test_a_whole_run_takes_its_scores_from_the_list(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "run.db"
    options = {"population": 4, "sample": 2, "cycles": 12, "profile": "paper"}
    result = study.evolve([], "nas_bench_nlp", store=store, data=folder, **options)  # type: ignore[arg-type]
    assert result.space.name == "nas_bench_nlp" and len(result.trials) == 16
    pool = pools.pool("nas_bench_nlp", folder)
    for trial in result.trials.values():
        mean = pool.by_key[fen.canonical_key(fen.loads(trial.source))].runs.mean
        assert trial.outcome == (FAILED if mean is None else SCORED)
        assert trial.metric == mean
    assert result.metric == min(t.metric for t in result.trials.values() if t.metric is not None)


def test_a_seed_must_be_a_cell_of_the_lists_space(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(fen.FenError):
        study.evolve(["LSTM"], "nas_bench_nlp", store=tmp_path / "run.db", data=folder)
