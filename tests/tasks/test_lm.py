"""The language model task: every word counts once, with the state carried along."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stand_ins import faulty_layer, torch_layer
from torch import Tensor
from torch.nn.functional import cross_entropy

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.engine.layer import compile
from fenas_lang.language_model.model import Pass, WordLanguageModel
from fenas_lang.tasks.lm import LanguageModel, perplexity

SMALL = {"hidden": 8, "epochs": 1, "batch": 4, "window": 7, "dropout": 0.0}


def language_model(corpus: Path, **settings: Any) -> LanguageModel:
    made = tasks.task("lm", corpus, **SMALL | settings)
    assert isinstance(made, LanguageModel)
    return made


@pytest.fixture
def model(corpus: Path) -> WordLanguageModel:
    torch.manual_seed(0)
    made = language_model(corpus).model("LSTM", torch_layer)
    return made.eval()


def measured(task: LanguageModel, model: WordLanguageModel, split: str = "valid") -> float:
    with torch.no_grad():
        return task.measure(model, split)[f"{split}_perplexity"]


def by_definition(model: WordLanguageModel, text: np.ndarray) -> float:
    """Perplexity of one stream in one go, from all logits."""
    targets = torch.from_numpy(text).long()
    words = torch.cat([torch.zeros(1, dtype=torch.long), targets[:-1]])
    with torch.no_grad():
        features, _ = model.layer(model.embedding(words.unsqueeze(1)))
        logits = model.decoder.logits(features.squeeze(1))
    return cross_entropy(logits, targets).exp().item()


@pytest.mark.parametrize("window", [1, 7, 1000])
@pytest.mark.parametrize("split", ["valid", "test"])
def test_one_stream_is_the_perplexity_by_definition(
    corpus: Path, model: WordLanguageModel, window: int, split: str
) -> None:
    task = language_model(corpus, valid_batch=1, window=window)
    text = getattr(task.corpus, split)
    assert measured(task, model, split) == pytest.approx(by_definition(model, text), rel=1e-5)


@pytest.mark.parametrize("valid_batch", [1, 2, 3, 7, 10, 99, 10_000])
@pytest.mark.parametrize("valid_tokens", [0, 1, 2, 13, 50])
def test_every_word_counts_once_in_parallel_streams(
    corpus: Path, valid_batch: int, valid_tokens: int
) -> None:
    """With equal probabilities the perplexity is the number of words, if none is lost."""
    task = language_model(corpus, valid_batch=valid_batch, valid_tokens=valid_tokens)
    model = task.model(torch.zeros_like, faulty_layer)
    assert measured(task, model) == pytest.approx(len(task.corpus.vocabulary), rel=1e-5)


def test_what_the_streams_leave_over_is_read_by_the_last_one(
    corpus: Path, model: WordLanguageModel
) -> None:
    """Two streams of an odd number of words: nats of both halves, the second one longer."""
    task = language_model(corpus, valid_batch=2, valid_tokens=41)
    text = torch.from_numpy(task.corpus.valid[:41].astype(np.int64))
    halves = [(torch.cat([torch.zeros(1, dtype=torch.long), text[:19]]), text[:20])]
    halves.append((text[19:40], text[20:]))
    with torch.no_grad():
        nats = sum(model.loss(w.unsqueeze(1), t.unsqueeze(1))[0].item() for w, t in halves)
    assert measured(task, model) == pytest.approx(math.exp(nats / 41), rel=1e-5)


def test_parallel_streams_change_little(corpus: Path, model: WordLanguageModel) -> None:
    one, ten = (measured(language_model(corpus, valid_batch=b), model) for b in (1, 10))
    assert ten == pytest.approx(one, rel=0.05)


def test_training_reads_each_stream_in_order_with_its_state(corpus: Path) -> None:
    task = language_model(corpus, batch=2, window=5, tokens=21)
    seen: list[tuple[list[list[int]], Any]] = []

    class Recorder:
        def __call__(self, words: Tensor, targets: Tensor, state: Any) -> Pass:
            seen.append((targets.t().tolist(), None if state is None else state.item()))
            nats, state = torch.zeros((), requires_grad=True), torch.tensor(float(len(seen)))
            return Pass(nats, state, state, state)

    assert len(list(task.losses(Recorder(), torch.Generator()))) == task.steps == 2  # type: ignore[arg-type]
    text = task.corpus.train.tolist()
    assert seen == [([text[:5], text[10:15]], None), ([text[5:10], text[15:20]], 1.0)]


def test_no_gradient_flows_into_the_window_before(corpus: Path) -> None:
    task = language_model(corpus)
    states: list[Tensor] = []
    model = task.model("GRU", torch_layer)
    model.layer.register_forward_pre_hook(
        lambda _, given: states.append(given[1]) if given[1] is not None else None
    )
    for loss in task.losses(model, torch.Generator()):
        loss.backward()  # type: ignore[no-untyped-call]
    assert states and not any(state.requires_grad for state in states)


def test_the_unigram_reference_by_hand(tmp_path: Path) -> None:
    for split, text in (("train", "a a b\n"), ("valid", "a b\n"), ("test", "a\n")):
        (tmp_path / f"{split}.txt").write_text(text)
    task = language_model(tmp_path, batch=1)
    a, b, end = 3 / 7, 2 / 7, 2 / 7
    assert task.reference_scores()["unigram"] == pytest.approx((a * b * end) ** (-1 / 3))


def test_limits_take_the_beginning_and_keep_the_vocabulary(corpus: Path) -> None:
    whole, limited = language_model(corpus), language_model(corpus, tokens=20, valid_tokens=9)
    assert limited.train.tolist() == whole.corpus.train[:20].tolist()
    assert len(limited.splits["valid"]) == 9
    assert limited.splits["test"].tolist() == whole.corpus.test.tolist()
    assert limited.corpus.vocabulary == whole.corpus.vocabulary
    assert limited.reference_scores() != whole.reference_scores()


def test_it_learns_what_the_unigram_cannot_know(corpus: Path) -> None:
    task = language_model(corpus, epochs=20, learning_rate=0.02, l2=0, hidden=16)
    outcome = task.evaluate("LSTM", seed=0, build=torch_layer, test=True)
    assert outcome.metric is not None
    assert outcome.metric < 0.6 * task.reference_scores()["unigram"]
    assert outcome.metrics["test_perplexity"] < 0.6 * task.reference_scores()["unigram"]


def test_weights_are_tied_and_counted_once(corpus: Path, model: WordLanguageModel) -> None:
    words = len(language_model(corpus).corpus.vocabulary)
    outcome = language_model(corpus).evaluate("GRU", seed=0, build=torch_layer)
    assert model.decoder.weight is model.embedding.weight
    assert (outcome.parts["embedding"], outcome.parts["decoder"]) == (8 * words, words)


def test_one_rate_stands_for_those_of_x_h_and_output(corpus: Path) -> None:
    rates = language_model(corpus, dropout=0.25, dropout_h=0.5).settings.rates
    assert rates.within == {"x": 0.25, "h": 0.5} and rates.output == 0.25
    model = language_model(corpus, dropout=0.25, dropout_edges=0.1).model("GRU", compile)
    assert model.layers[0].variational == {"x": 0.25, "h": 0.25, "edges": 0.1}


def test_without_dropout_nothing_is_asked_of_the_layer(corpus: Path) -> None:
    def build(cell: str, **sizes: int) -> torch.nn.Module:
        assert set(sizes) == {"input_size", "hidden_size"}
        return torch_layer(cell, **sizes)

    language_model(corpus).model("GRU", build)


def test_too_little_text_for_the_streams(corpus: Path) -> None:
    with pytest.raises(FenError, match=r"FEN412.*10 tokens.*8 parallel streams"):
        language_model(corpus, tokens=10, batch=8)


def test_no_directory_is_an_error_that_says_so(corpus: Path) -> None:
    with pytest.raises(FenError, match=r"FEN404.*--data DIRECTORY"):
        tasks.task("lm")


def test_defaults_are_the_papers_stage_one() -> None:
    settings = tasks.kind("lm").settings_type()
    wanted = {"hidden": 300, "epochs": 20, "learning_rate": 1e-3, "clip": 0.25, "l2": 8e-6}
    assert {name: getattr(settings, name) for name in wanted} == wanted


@pytest.mark.parametrize("nats", [700.0, 1e9, math.inf, math.nan])
def test_a_perplexity_past_any_float_is_infinite(nats: float) -> None:
    assert perplexity(nats) == math.inf


def test_on_the_penn_treebank_an_lstm_beats_the_unigram(penn_treebank: Path) -> None:
    small = {"hidden": 24, "batch": 10, "window": 15, "learning_rate": 0.02, "dropout": 0}
    task = tasks.task("lm", penn_treebank, epochs=1, tokens=30_000, valid_tokens=3_000, **small)
    outcome = task.evaluate("LSTM", seed=0, build=torch_layer)
    assert outcome.metric is not None
    assert outcome.metric < task.reference_scores()["unigram"]


def test_the_test_text_can_be_cut(corpus: Path) -> None:
    whole, cut = language_model(corpus), language_model(corpus, test_tokens=9)
    assert list(cut.splits["test"]) == list(whole.splits["test"][:9])
