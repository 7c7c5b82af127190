"""The controller writes legal cells, and REINFORCE makes it write better ones."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest
import torch

from fenas_lang.check.check import checked
from fenas_lang.search.sharing.controller import Controller, Reinforce, pick
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.request import request

KINDS = [
    ("fenas", "last", 2),
    ("fenas", "loose", 1),
    ("enas", "all", 1),
    ("enas", "loose", 1),
    ("darts", "all", 1),
    ("nas_bench_nlp", "any", 3),
    ("open", "any", 1),
]


@pytest.mark.parametrize(("space", "output", "states"), KINDS)
def test_every_cell_it_writes_is_legal(space: str, output: str, states: int) -> None:
    chosen = load_space(space)
    controller = Controller(chosen, nodes=4, states=states, seed=0)
    for seed in range(5):
        for count in {chosen.states[0], states}:
            asked = request(chosen, 4, count, output)
            written = controller.write(asked, random.Random(seed))
            assert checked(written.cell).space.name == space
            assert len(written.cell.states) == count
            assert written.log_probability.item() < 0 < written.entropy.item()


def test_the_same_chance_writes_the_same_cell() -> None:
    space = load_space("fenas")
    asked = request(space, 4, 2, "last")
    cells = [Controller(space, 4, 2, 0).write(asked, random.Random(5)).cell for _ in range(2)]
    assert cells[0] == cells[1]


def test_probabilities_sum_to_one_over_all_cells() -> None:
    space = load_space("enas")
    controller, asked = Controller(space, 3, 1, 0), request(space, 3, 1, "all")
    found: dict[str, float] = {}
    for seed in range(400):
        written = controller.write(asked, random.Random(seed))
        found[str(written.cell)] = math.exp(written.log_probability.item())
    assert len(found) == 32
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)


def test_reinforce_on_a_bandit_that_likes_skips_of_tanh() -> None:
    space = load_space("enas")
    controller, asked = Controller(space, 4, 1, 0), request(space, 4, 1, "all")
    reinforce, rng, rewards = Reinforce(controller), random.Random(0), list[float]()
    for _ in range(300):
        written = controller.write(asked, rng)
        rewards.append(str(written.cell).count("tanh_skip") / 3)
        reinforce.update(written, rewards[-1])
    assert fmean(rewards[:50]) < 0.4
    assert fmean(rewards[-50:]) > 0.7


def test_the_gradient_raises_the_probability_of_what_is_better_than_the_baseline() -> None:
    space = load_space("enas")
    asked = request(space, 3, 1, "all")
    for reward, sign in ((2.0, 1), (0.5, -1)):
        controller = Controller(space, 3, 1, 0)
        reinforce = Reinforce(controller)
        reinforce.baseline = 1.0
        written = controller.write(asked, random.Random(1))
        reinforce.update(written, reward)
        again = controller.write(asked, random.Random(1))
        assert again.cell == written.cell
        change = again.log_probability.item() - written.log_probability.item()
        assert change * sign > 0


def test_pick_has_the_given_probabilities() -> None:
    rng = random.Random(0)
    counts = torch.bincount(torch.tensor([pick([0.2, 0.0, 0.8], rng) for _ in range(2000)]))
    assert counts[1] == 0 and abs(counts[0].item() / 2000 - 0.2) < 0.03
