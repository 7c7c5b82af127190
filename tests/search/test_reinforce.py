"""The controller learns what pays, whatever the unit of the score."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from statistics import fmean

from simulated import Simulated, skips
from test_strategy_conformance import made, settings

from fenas_lang.search.messages import Job
from fenas_lang.search.strategies.reinforce import Baseline, Strategy
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import Measured


def test_it_learns_to_write_what_scores() -> None:
    def measure(job: Job) -> Measured:
        return Measured(100 * (skips(job).score or 0.0) - 1000, 0.0)

    told = settings("reinforce", cycles=234, profile="paper")
    scores = [trial.score or 0.0 for trial in Simulated(told, measure).run()]
    assert fmean(scores[-40:]) > fmean(scores[:40]) + 100


def test_it_learns_from_its_own_cells_in_batches() -> None:
    told = settings("reinforce")
    strategy = made(told)
    assert isinstance(strategy, Strategy)
    simulated = Simulated(told)
    simulated.run(11)
    for trial in simulated.trials:
        strategy.tell(Individual(trial.number, trial.source, trial.score))
    assert len(strategy.batch) == 9
    before = strategy.controller.head.weight.detach().clone()
    simulated.run(12)
    last = simulated.trials[-1]
    strategy.tell(Individual(last.number, last.source, None))
    assert not strategy.batch and not before.equal(strategy.controller.head.weight)


def test_advantages_are_over_the_average_before() -> None:
    baseline = Baseline()
    assert sum(baseline.advantages((1.0, 3.0))) == 0
    assert all(advantage > 0 for advantage in baseline.advantages((5.0, 6.0)))
    assert baseline.advantages((2.0, 2.0))[0] < 0


def test_one_outlier_does_not_silence_the_others() -> None:
    baseline = Baseline()
    found = baseline.advantages((1.0, 2.0, 3.0, 4.0, -1e300))
    assert found[:4] == sorted(found[:4]) and found[3] - found[0] > 1
    assert all(map(isfinite, baseline.advantages((1e308, -1e308, 1.0))))


def test_equal_rewards_teach_nothing() -> None:
    assert Baseline().advantages((1.0, 1.0)) == [0.0, 0.0]


def test_a_failure_is_rewarded_as_the_worst_so_far() -> None:
    told = replace(settings("reinforce"), seeds=())
    strategy = made(told)
    assert isinstance(strategy, Strategy)
    texts = [trial.source for trial in Simulated(told).run(3)]
    for number, score in enumerate([3.0, 1.0, None]):
        strategy.tell(Individual(number, texts[number], score))
    assert [reward for _, reward in strategy.batch] == [3.0, 1.0, 1.0]
