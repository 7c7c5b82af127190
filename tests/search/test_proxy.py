"""Proxies rank cells without training, and a search trains what they put first."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.lower import lower
from fenas_lang.search.proxies.hidden_covariance import K, correlations, from_states, score
from fenas_lang.search.proxy import named
from fenas_lang.search.store import Store
from fenas_lang.search.study import evolve
from fenas_lang.search.trial import SEARCH, Trial

RUN: dict[str, Any] = {
    "proxy": "hidden_covariance",
    "candidates": 3,
    "population": 3,
    "sample": 2,
    "cycles": 4,
    "nodes": 4,
    "repeats": 1,
}


def test_uncorrelated_units_have_the_score_of_the_identity() -> None:
    walsh = torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])[:, None]
    assert from_states(walsh) == pytest.approx(-3 * (math.log(1 + K) + 1 / (1 + K)))


def test_the_identity_is_the_best_there_is() -> None:
    torch.manual_seed(0)
    best = -8 * (math.log(1 + K) + 1 / (1 + K))
    assert from_states(torch.randn(50, 4, 8)) < best


def test_the_correlations_are_pearsons() -> None:
    units = torch.randn(5, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(correlations(units), torch.corrcoef(units))


def test_scale_and_offset_of_a_unit_do_not_matter() -> None:
    states = torch.randn(30, 2, 6, dtype=torch.float64)
    scale, offset = torch.rand(6, dtype=torch.float64) + 1, torch.randn(6, dtype=torch.float64)
    assert from_states(states * scale + offset) == pytest.approx(from_states(states))


def test_units_that_repeat_or_stand_still_cost() -> None:
    states = torch.randn(30, 2, 6)
    repeated, still, infinite = states.clone(), states.clone(), states.clone()
    repeated[..., 1], still[..., 1], infinite[0, 0, 0] = states[..., 0], 0.3, math.inf
    assert from_states(repeated) < from_states(states) - 1e4
    assert from_states(still) < from_states(states) - 1e4
    assert from_states(infinite) == -math.inf


def test_the_score_follows_from_the_seed_and_leaves_the_generator_alone() -> None:
    cell = load("GRU")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert score(cell, lower(cell), 1) == score(cell, lower(cell), 1)
    assert score(cell, lower(cell), 1) != score(cell, lower(cell), 2)
    assert torch.equal(before, torch.get_rng_state())


def test_a_cell_that_forgets_its_input_scores_low() -> None:
    blind = loads("cell A(x, h) -> a { a = tanh(@h) }")
    assert score(blind, lower(blind), 0) < score(load("GRU"), lower(load("GRU")), 0)


def trials(path: Path) -> list[Trial]:
    with Store.open(path) as opened:
        return opened.trials(SEARCH)


@pytest.mark.parametrize("profile", ["default", "paper"])
def test_the_best_of_several_is_trained_and_the_guesses_are_kept(
    profile: str, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("one.db", "two.db")]
    for path in paths:
        evolve(["LSTM"], "stub_tasks:Instant", store=path, profile=profile, **RUN)
    one, two = map(trials, paths)
    assert [trial.trace for trial in one] == [trial.trace for trial in two]
    assert "proxy" not in one[0].measured.facts
    for trial in one[1:]:
        guesses = trial.measured.facts["proxy"]
        assert guesses["name"] == "hidden_covariance"
        assert guesses["scores"][0] == max(guesses["scores"]) and trial.draws >= 3
    assert all(len(trial.measured.facts["proxy"]["scores"]) <= 3 for trial in one[1:])


def test_an_unknown_proxy_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FenError, match="FEN520") as caught:
        named("hidden_covarianc")
    assert "did you mean `hidden_covariance`" in str(replace(caught.value.diagnostics[0]))
    with pytest.raises(FenError, match="FEN520"):
        evolve(["LSTM"], "digits", store=tmp_path / "a.db", proxy="nonesuch")
