"""The controller writes legal cells, and REINFORCE makes it write better ones."""

from __future__ import annotations

import copy
import math
import random
from dataclasses import replace
from statistics import fmean

import pytest
import torch

from fenas_lang.check.check import checked
from fenas_lang.search.controller import Controller
from fenas_lang.search.decisions import Language, Sentence
from fenas_lang.search.strategies import enas
from fenas_lang.search.strategies.enas import BATCH, RECIPE, Controlled
from fenas_lang.search.variation import Variation
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space

KINDS = [
    ("fenas", "last", 2),
    ("fenas", "loose", 1),
    ("enas", "all", 1),
    ("enas", "loose", 1),
    ("darts", "all", 1),
    ("nas_bench_nlp", "any", 3),
    ("open", "any", 1),
]


def language(space: str, output: str, states: int, nodes: int = 4) -> Language:
    chosen = load_space(space)
    counts = tuple(range(chosen.states[0], states + 1))
    return Language(chosen, nodes, counts, RULES[output])


def made(spoken: Language) -> Controller:
    return Controller(spoken.size, 0, RECIPE)


def controlled(**recipe: float) -> Controlled:
    space = load_space("enas")
    variation = Variation(space, (), "enas", 4, "all", "uniform", "random", {"operation": 1.0})
    return Controlled(variation, 0, replace(RECIPE, **recipe))


def log_probability(controller: Controller, sentence: Sentence) -> float:
    with torch.no_grad():
        logarithms, _ = controller._log_probabilities([sentence])
    return sum(logarithms[0, k, token].item() for k, token in enumerate(sentence.tokens))


@pytest.mark.parametrize(("space", "output", "states"), KINDS)
def test_every_cell_it_writes_is_legal(space: str, output: str, states: int) -> None:
    spoken = language(space, output, states)
    controller = made(spoken)
    for seed in range(5):
        cell, sentence = spoken.write(controller.writer(random.Random(seed)), "Written")
        assert checked(replace(cell, space=space)).space.name == space
        assert spoken.read(cell) == sentence
        assert log_probability(controller, sentence) < 0


def test_the_same_chance_writes_the_same_cell_and_leaves_torch_alone() -> None:
    spoken, before = language("fenas", "last", 2), torch.get_rng_state()
    cells = [spoken.say(made(spoken).writer(random.Random(5)), "A") for _ in range(2)]
    assert cells[0] == cells[1] and torch.equal(before, torch.get_rng_state())


def test_probabilities_sum_to_one_over_all_cells() -> None:
    spoken = language("enas", "all", 1, nodes=3)
    controller, found = made(spoken), dict[str, float]()
    for seed in range(300):
        cell, sentence = spoken.write(controller.writer(random.Random(seed)), "A")
        found[str(cell)] = math.exp(log_probability(controller, sentence))
    assert len(found) == 32
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("gain", [1.0, -1.0])
def test_a_gain_makes_a_sentence_more_probable_and_a_loss_less(gain: float) -> None:
    spoken = language("enas", "all", 1)
    controller = made(spoken)
    _, sentence = spoken.write(controller.writer(random.Random(1)), "A")
    before = log_probability(controller, sentence)
    controller.learn([sentence], [gain])
    assert (log_probability(controller, sentence) - before) * gain > 0


def test_enas_learns_to_write_what_pays_whatever_the_size_of_rewards() -> None:
    for size in (1.0, 1e-6):
        policy, rng, rewards = controlled(learning_rate=0.005), random.Random(0), list[float]()
        for _ in range(40 * BATCH):
            cell, sentence = policy.write(rng)
            rewards.append(str(cell).count("tanh_skip") / 3)
            policy.reward(sentence, size * rewards[-1])
        assert fmean(rewards[:50]) < 0.4
        assert fmean(rewards[-50:]) > 0.7


def test_enas_goes_on_from_its_state_in_the_middle_of_a_batch() -> None:
    whole, rng = controlled(), random.Random(3)
    for number in range(BATCH + 4):
        whole.reward(whole.write(rng)[1], 1.0 + number % 3)
    again = controlled()
    again.load(copy.deepcopy(whole.state()))
    assert len(again.batch) == 4 and again.baseline == whole.baseline
    for policy in (whole, again):
        chance = random.Random(4)
        for number in range(BATCH):
            policy.reward(policy.write(chance)[1], 1.0 + number % 2)
    for one, other in zip(
        whole.controller.parameters(), again.controller.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_the_baseline_follows_the_rewards() -> None:
    policy = controlled()
    sentence = policy.write(random.Random(0))[1]
    policy.reward(sentence, 2.0)
    assert (policy.baseline, policy.batch[-1][1]) == (2.0, 0.0)
    policy.reward(sentence, 3.0)
    assert policy.baseline == pytest.approx(2.0 + (1 - enas.DECAY))
    assert policy.batch[-1][1] == pytest.approx((3.0 - policy.baseline) / policy.baseline)
