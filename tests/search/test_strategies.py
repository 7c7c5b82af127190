"""Aging evolution as Real et al. describe it, and random search beside it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from fenas_lang import registry
from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.search import strategy as strategies
from fenas_lang.search.randomness import derived_seed, stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategies.aging import Strategy as Aging
from fenas_lang.search.strategy import Individual, Strategy
from fenas_lang.search.study import variation_of
from fenas_lang.spaces.reader import load_space

FENAS = load_space("fenas")
SEEDS = tuple(str(replace(load(name), comments=load("RNN").comments)) for name in ("LSTM", "GRU"))


def settings(**options: object) -> Settings:
    assert FENAS.source is not None
    told = Settings(task="instant", seeds=SEEDS, space=FENAS.source.text, nodes=9, output="last")
    return replace(told, population=6, sample=2, **options)  # type: ignore[arg-type]


def made(told: Settings) -> Strategy:
    return strategies.named(told.strategy)(told, variation_of(told))


def play(told: Settings, trials: int) -> list[tuple[tuple[int, ...], str]]:
    """A search in which the score is the number of skips."""
    strategy, found = made(told), []
    for number in range(trials):
        proposal = strategy.ask(number, stream(told.seed, number, "draw 0"))
        text = str(proposal.cell)
        strategy.tell(Individual(number, text, float(text.count("_skip"))))
        found.append((proposal.parents, text))
    return found


@pytest.mark.parametrize("name", sorted(registry.discover(strategies.FOLDER)))
def test_every_strategy_repeats_itself_and_begins_with_the_seeds(name: str) -> None:
    told = settings(strategy=name)
    found = play(told, 20)
    assert found == play(told, 20)
    assert [text for _, text in found[:2]] == list(map(str, variation_of(told).seeds))
    assert found != play(replace(told, seed=1), 20)


@pytest.mark.parametrize("name", sorted(registry.discover(strategies.FOLDER)))
def test_every_strategy_goes_on_where_it_was_told_the_past(name: str) -> None:
    told = settings(strategy=name)
    whole = play(told, 20)
    resumed = made(told)
    for number, (_, text) in enumerate(whole[:13]):
        resumed.tell(Individual(number, text, float(text.count("_skip"))))
    proposal = resumed.ask(13, stream(told.seed, 13, "draw 0"))
    assert (proposal.parents, str(proposal.cell)) == whole[13]


def test_children_come_after_the_first_population() -> None:
    found = play(settings(), 30)
    assert all(not parents for parents, _ in found[:6])
    assert all(len(parents) == 1 for parents, _ in found[6:])


def test_parents_are_among_the_youngest() -> None:
    for number, (parents, _) in enumerate(play(settings(), 60)):
        assert all(number - 6 <= parent < number for parent in parents)


def test_the_oldest_dies_however_good_it_is() -> None:
    strategy = Aging(settings(), variation_of(settings()))
    for number in range(7):
        strategy.tell(Individual(number, SEEDS[0], 100.0 if number == 0 else float(number)))
    assert [individual.number for individual in strategy.alive] == [1, 2, 3, 4, 5, 6]


def test_the_best_of_a_sample_with_replacement_is_the_parent() -> None:
    told = settings()
    strategy = Aging(told, variation_of(told))
    for number in range(6):
        strategy.tell(Individual(number, SEEDS[0], float(number)))
    asked = [strategy.ask(6, random.Random(seed)).parents for seed in range(3000)]
    share = Counter(parent for (parent,) in asked)
    for number in range(6):
        expected = (2 * number + 1) / 36
        assert abs(share[number] / 3000 - expected) < 0.03


def test_failures_never_join_and_never_displace() -> None:
    told = settings()
    strategy = Aging(told, variation_of(told))
    for number in range(6):
        strategy.tell(Individual(number, SEEDS[0], 1.0))
    for number in range(6, 50):
        strategy.tell(Individual(number, SEEDS[0], None))
    assert [individual.number for individual in strategy.alive] == list(range(6))


def test_where_all_failed_new_cells_are_made() -> None:
    told = settings()
    strategy = Aging(told, variation_of(told))
    for number in range(10):
        strategy.tell(Individual(number, SEEDS[0], None))
    assert strategy.ask(10, random.Random(0)).edit == "random cell"


def test_random_cells_have_the_states_of_some_seed() -> None:
    variation = variation_of(settings())
    drawn = [variation.random(random.Random(seed)).cell for seed in range(100)]
    assert {len(cell.states) for cell in drawn} == {1, 2}


def test_a_first_population_of_mutants() -> None:
    told = settings(init="mutants")
    variation = variation_of(told)
    proposals = [variation.initial(number, stream(0, number, "draw 0")) for number in range(30)]
    assert {proposal.parents for proposal in proposals[2:]} == {(0,), (1,)}
    assert all("operation of" in proposal.edit for proposal in proposals[2:])


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(FenError, match=r"FEN520.*ageing.*aging"):
        strategies.named("ageing")


def test_randomness_differs_in_every_part_of_its_counter() -> None:
    counters = [(0, 0, "a"), (1, 0, "a"), (0, 1, "a"), (0, 0, "b"), (1, 1, "a")]
    assert len({stream(*counter).random() for counter in counters}) == len(counters)
    assert len({derived_seed(*counter) for counter in counters}) == len(counters)
    assert all(0 <= derived_seed(seed, 3, "training") < 2**31 for seed in range(100))
