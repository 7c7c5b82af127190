"""The language model's options in a training, its presets, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stand_ins import torch_layer
from torch import nn
from torch.nn.functional import cross_entropy

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.engine.layer import compile
from fenas_lang.language_model.nt_asgd import NonMonotoneASGD
from fenas_lang.tasks.lm import LanguageModel
from fenas_lang.tasks.lm_settings import PRESETS, LanguageModelSettings
from fenas_lang.tasks.schedule import Schedule
from fenas_lang.tasks.training import epoch_losses

SMALL = {"hidden": 8, "epochs": 2, "batch": 4, "window": 12, "dropout": 0.0, "l2": 0.0}


def language_model(corpus: Path, **settings: Any) -> LanguageModel:
    made = tasks.task("lm", corpus, **SMALL | settings)
    assert isinstance(made, LanguageModel)
    return made


OPTIONS: dict[str, dict[str, Any]] = {
    "sizes": {"embedding": 5, "layers": 2, "last_hidden": 6},
    "layer takes sizes": {"embedding": 5, "layers": 2, "last_hidden": 5, "resize": "layer"},
    "all dropout": {name: 0.2 for name in LanguageModelSettings.described() if "dropout" in name}
    | {"layers": 2, "experts": 2, "weight_drop": 0.3},
    "penalties": {"ar": 2, "tar": 1},
    "mixture": {"experts": 3},
    "sgd": {"optimizer": "sgd", "learning_rate": 1, "average_after": 1, "epochs": 6},
    "drawn": {"windows": "drawn"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_trainings_with_options_are_repeatable_and_learn(
    corpus: Path, options: dict[str, Any]
) -> None:
    task = language_model(corpus, **{"learning_rate": 0.02} | options)
    first, second = (task.evaluate("LSTM", seed=1, test=True) for _ in range(2))
    assert first.failure is None, first.log
    assert first.metrics == second.metrics and first.steps == task.steps
    assert first.metric is not None and first.metric < len(task.corpus.vocabulary)


def test_penalties_are_added_to_the_loss(corpus: Path) -> None:
    plain, penalised = language_model(corpus), language_model(corpus, ar=2, tar=0.5)
    torch.manual_seed(0)
    model = plain.model("LSTM", torch_layer)
    first, second = (next(t.losses(model, torch.Generator())) for t in (plain, penalised))
    text = torch.from_numpy(plain.train.astype(np.int64))
    streams = text[: len(text) // 4 * 4].view(4, -1).t()
    before = torch.cat([torch.zeros(1, dtype=torch.long), text[: len(text) // 4 * 4 - 1]])
    features, _ = model.layers[0](model.embedding(before.view(4, -1).t()[:12]))
    logits = model.decoder.logits(features)
    torch.testing.assert_close(first, cross_entropy(logits.flatten(0, 1), streams[:12].flatten()))
    slow = (features[1:] - features[:-1]).pow(2).mean()
    torch.testing.assert_close(second - first, 2 * features.pow(2).mean() + 0.5 * slow)


def test_drawn_windows_scale_the_rate_and_repeat(corpus: Path) -> None:
    """Plain SGD: a step is the gradient times rate and length over window."""
    task = language_model(
        corpus, windows="drawn", window=20, optimizer="sgd", learning_rate=0.5, clip=0
    )

    def moves() -> list[tuple[int, float]]:
        torch.manual_seed(0)
        model = task.model("LSTM", torch_layer)
        optimizer, found = task.optimizer(model), []
        lengths: list[int] = []
        model.layers[0].register_forward_pre_hook(lambda _, given: lengths.append(len(given[0])))
        for loss in epoch_losses(task, model, 0, 0):
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            before, gradient = model.decoder.bias.detach().clone(), model.decoder.bias.grad
            assert gradient is not None
            optimizer.step()
            moved = (before - model.decoder.bias.detach()).norm() / gradient.norm()
            found.append((lengths[-1], moved.item()))
        return found

    first = moves()
    assert first == moves() and len({length for length, _ in first}) > 1
    assert len(first) * task.settings.epochs == task.steps
    assert sum(length for length, _ in first) == len(task.train) // 4
    for length, moved in first:
        assert moved == pytest.approx(0.5 * length / 20, rel=1e-4)


def told(task: LanguageModel, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[float]:
    seen: list[float] = []
    began: list[bool] = []
    observe = NonMonotoneASGD.observe

    def note(self: NonMonotoneASGD, metric: float) -> None:
        seen.append(metric)
        observe(self, metric)
        began.append(self.averaging)

    monkeypatch.setattr(NonMonotoneASGD, "observe", note)
    outcome = task.evaluate("LSTM", seed=0, **options)
    assert outcome.failure is None, outcome.log
    assert began[0] is False and began[-1] is True
    return [*seen, outcome.metric or 0.0]


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(patience=50)])
def test_the_training_loop_tells_the_optimiser_every_epochs_metric(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, schedule: Schedule
) -> None:
    """With a rate far too high the metric jumps, so that averaging begins, and what is measured
    is the average: one epoch's metric is the same as the outcome's."""
    task = language_model(
        corpus, optimizer="sgd", learning_rate=40, average_after=1, epochs=8, clip=0.25
    )
    *seen, final = told(task, monkeypatch, schedule=schedule)
    assert len(seen) == 8
    assert final == pytest.approx(min(seen) if schedule.patience else seen[-1], rel=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_and_names_its_source(corpus: Path, name: str) -> None:
    preset = PRESETS[name]
    settings = LanguageModelSettings.read(preset.settings, "lm")
    settings.check()
    assert preset.source


def test_stage_one_is_what_the_defaults_are() -> None:
    assert LanguageModelSettings.read(PRESETS["stage1"].settings, "lm") == LanguageModelSettings()


@pytest.mark.parametrize(
    "settings, code",
    [
        ({"dropout_latent": 0.1}, "FEN452.*dropout_latent=0.1.*experts"),
        ({"dropout_layers": 0.1}, "FEN452.*dropout_layers"),
        ({"last_hidden": 4}, "FEN452.*last_hidden=4"),
        ({"windows": "drawn", "window": 9}, "FEN452.*windows=drawn"),
        ({"windows": "random"}, "FEN402.*one of fixed, drawn"),
        ({"optimizer": "sdg"}, "FEN402.*one of adam, sgd"),
        ({"dropout_x": -2}, "FEN402"),
        ({"weight_drop": 1}, "FEN402"),
    ],
)
def test_settings_that_mean_nothing(corpus: Path, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(FenError, match=code):
        language_model(corpus, **settings)


def test_items_are_words(corpus: Path) -> None:
    task = language_model(corpus)
    assert task.items == len(task.train) // 4 * 4


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("build", [torch_layer, compile])
def test_one_stream_is_measured_as_in_one_pass(
    corpus: Path, layers: int, build: Callable[..., nn.Module]
) -> None:
    whole, windows = (
        language_model(corpus, valid_batch=1, window=w, layers=layers) for w in (10_000, 7)
    )
    torch.manual_seed(0)
    model = whole.model("LSTM", build).eval()
    with torch.no_grad():
        first, second = (t.measure(model, "valid")["valid_perplexity"] for t in (whole, windows))
    assert first == pytest.approx(second, rel=1e-5)
