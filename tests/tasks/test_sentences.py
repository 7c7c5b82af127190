"""The nine GLUE tasks: their model, their training, and what they measure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from stand_ins import torch_layer

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.bidirectional import SentenceModel, Words
from fenas_lang.tasks.sentences import SentenceTask, batches

GLUE = tuple(SPECS)
TINY: dict[str, Any] = {"hidden": 6, "embedding": 5, "batch": 8, "epochs": 1}


def made(name: str, glue: Path | str, **settings: Any) -> SentenceTask:
    task = tasks.task(name, glue, **TINY | settings)
    assert isinstance(task, SentenceTask)
    return task


def model_of(task: SentenceTask, cell: str = "LSTM", seed: int = 0) -> SentenceModel:
    torch.manual_seed(seed)
    return task.model(cell, compile_layer).eval()


def refused(name: str, data: Any, **settings: Any) -> str:
    with pytest.raises(FenError) as error:
        tasks.task(name, data, **settings)
    return str(error.value)


@pytest.mark.parametrize("name", GLUE)
def test_the_spec_of_a_task_is_its_own(name: str) -> None:
    kind = tasks.kind(name)
    assert issubclass(kind, SentenceTask)
    assert kind.spec.name == name and kind.metric == f"valid_{kind.spec.metric}"


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "ENAS"])
@pytest.mark.parametrize("name", ["cola", "rte", "stsb"])
def test_any_cell_trains(cell: str, name: str, glue: Path) -> None:
    outcome = made(name, glue).evaluate(cell, seed=0)
    assert outcome.failure is None, outcome.log
    assert outcome.parts["between_projections"] == 6 * 12 + 6


def test_the_engine_and_torch_compute_the_same(glue: Path) -> None:
    task = made("rte", glue)
    ours = model_of(task)
    torch.manual_seed(0)
    torchs = task.model("LSTM", torch_layer).eval()
    torchs.load_state_dict(ours.state_dict(), strict=False)
    for one, other in zip(ours.layer, torchs.layer, strict=True):
        single = compile_layer("LSTM", 6, 6, bidirectional=True)
        single.load_torch(other)
        one.load_state_dict(single.state_dict())
    sentences = task.splits["valid"].sentences
    torch.testing.assert_close(ours(sentences), torchs(sentences))


@pytest.mark.parametrize("cell", ["LSTM", "RNN"])
def test_a_sentence_does_not_see_its_neighbours(cell: str, glue: Path) -> None:
    task = made("rte", glue)
    model, rows = model_of(task, cell), task.splits["valid"]
    together = model(rows.sentences)
    for n in range(len(rows)):
        alone = model(rows.rows(torch.tensor([n])).sentences)
        torch.testing.assert_close(alone[0], together[n])


def test_what_fills_up_a_sentence_is_not_seen(glue: Path) -> None:
    model = model_of(made("cola", glue))
    numbers, lengths = torch.tensor([[2, 3, 4, 0, 0]]), torch.tensor([3])
    other = torch.tensor([[2, 3, 4, 9, 8]])
    expected = model.encode(Words(numbers[:, :3], lengths))
    for filled in (numbers, other):
        torch.testing.assert_close(model.encode(Words(filled, lengths)), expected)


def test_the_largest_value_over_all_words_in_both_directions(glue: Path) -> None:
    model = model_of(made("cola", glue, layers=1))
    numbers = torch.tensor([[2, 3, 4]])
    x = model.input_projection(model.embedding(numbers.t()))
    y, _ = model.layer[0](x)
    expected = y.amax(0)
    torch.testing.assert_close(model.encode(Words(numbers, torch.tensor([3]))), expected)


def test_a_pair_is_both_their_difference_and_product(glue: Path) -> None:
    task = made("mrpc", glue)
    model, rows = model_of(task), task.splits["valid"]
    u, v = (model.encode(words) for words in rows.sentences)
    features = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
    torch.testing.assert_close(model(rows.sentences), model.classifier(features))


def test_long_sentences_are_cut_and_rare_words_unknown(glue: Path) -> None:
    task = made("sst2", glue, length=4, vocabulary=3)
    (words,) = task.train.sentences
    assert words.numbers.shape[1] == 4 and int(words.lengths.max()) == 4
    assert len(task.vocabulary) == 5 and int(words.numbers.max()) == 4


@pytest.mark.parametrize("name", GLUE)
def test_the_papers_vocabulary_is_the_default(name: str) -> None:
    thousands = {"qqp": 40, "mnli": 40, "qnli": 30, "mrpc": 10, "sst2": 14.3, "wnli": 1.3}
    assert SPECS[name].vocabulary == thousands.get(name, 5) * 1000


def test_an_epoch_has_every_row_once_in_batches_of_like_length() -> None:
    lengths = torch.arange(100) % 17
    steps = list(batches(lengths, 8, torch.Generator().manual_seed(3)))
    again = list(batches(lengths, 8, torch.Generator().manual_seed(3)))
    assert all(map(torch.equal, steps, again))
    assert sorted(torch.cat(steps).tolist()) == list(range(100)) and len(steps) == 13
    spread = [int(lengths[rows].max() - lengths[rows].min()) for rows in steps]
    assert max(spread) <= 3


@pytest.mark.parametrize("name", GLUE)
def test_metrics_are_those_of_the_predictions(name: str, glue: Path) -> None:
    task = made(name, glue)
    model = model_of(task)
    measured = task.measure(model, "valid")
    predicted = task.predict(model, "valid")
    assert len(predicted) == 9 and task.metric in measured
    if name == "stsb":
        assert not any("classes" in key for key in measured)
        assert all(0 <= float(score) <= 5 for score in predicted)
        return
    labels = [task.spec.labels[int(n)] for n in task.splits["valid"].labels]
    assert measured["valid_accuracy"] == accuracy_score(labels, predicted)
    assert measured["valid_classes_predicted"] == len(set(predicted))
    if task.metric == "valid_mean":
        f1 = f1_score(labels, predicted, pos_label="1", zero_division=0.0)
        assert measured["valid_f1"] == pytest.approx(f1)
        both = (measured["valid_accuracy"] + measured["valid_f1"]) / 2
        assert measured["valid_mean"] == pytest.approx(both)


def test_scores_are_measured_and_predicted_from_0_to_5(glue: Path) -> None:
    task = made("stsb", glue)
    model = model_of(task)
    with torch.no_grad():
        model.classifier[-1].weight.zero_()
        model.classifier[-1].bias.fill_(0.5)
    assert set(task.predict(model, "valid")) == {"2.500"}
    measured = task.measure(model, "valid")
    assert measured["valid_pearson"] == 0.0
    answers = task.splits["valid"].labels
    assert measured["valid_loss"] == pytest.approx(((answers - 0.5) ** 2).mean().item())


def test_mnlis_mismatched_data_are_measured_beside(glue: Path) -> None:
    task = made("mnli", glue)
    measured = task.measure(model_of(task), "valid")
    assert {"valid_accuracy", "valid_mismatched_accuracy"} <= set(measured)


@pytest.mark.parametrize("name", GLUE)
def test_a_test_file_is_predicted_row_by_row_for_the_server(name: str, glue: Path) -> None:
    task = made(name, glue)
    predicted = task.predict(model_of(task), "test")
    head, *lines = task.submission(predicted).splitlines()
    assert head == "index\tprediction"
    assert [line.split("\t")[0] for line in lines] == ["0", "1", "2", "3", "4"]
    if task.spec.labels:
        assert {line.split("\t")[1] for line in lines} <= set(task.spec.labels)
    assert task.submission_name("test").endswith(".tsv")


def test_predictions_are_in_the_order_of_the_rows(glue: Path) -> None:
    task = made("stsb", glue)
    model, rows = model_of(task), task.splits["test"]
    each = [model(rows.rows(torch.tensor([n])).sentences).item() * 5 for n in range(len(rows))]
    predicted = [float(score) for score in task.predict(model, "test")]
    assert predicted == pytest.approx(np.clip(each, 0, 5), abs=6e-4)


def test_a_test_file_cannot_be_measured(glue: Path) -> None:
    task = made("rte", glue)
    with pytest.raises(FenError, match=r"FEN487.*no labels.*fenasc predict"):
        task.measure(model_of(task), "test")


def test_a_split_that_is_not_there(glue: Path) -> None:
    task = made("rte", glue)
    with pytest.raises(FenError, match=r"FEN488.*no `test_mismatched` split.*`valid`, `test`"):
        task.predict(model_of(task), "test_mismatched")


def test_references(glue: Path) -> None:
    assert made("cola", glue).reference_scores() == {"majority class": 0.0}
    assert made("stsb", glue).reference_scores() == {"mean score": 0.0}
    task = made("rte", glue)
    commonest = task.train.labels.bincount().argmax()
    share = (task.splits["valid"].labels == commonest).double().mean().item()
    assert task.reference_scores() == {"majority class": pytest.approx(share)}


def test_examples_limit_the_training_rows_alone(glue: Path) -> None:
    whole, task = made("rte", glue), made("rte", glue, examples=10, valid_examples=4)
    assert (len(task.train), task.steps, len(task.splits["valid"])) == (10, 2, 4)
    assert task.vocabulary == whole.vocabulary and task.checksum == whole.checksum


def test_held_out_trains_on_the_validation_rows(glue: Path) -> None:
    assert len(made("rte", glue).held_out().train) == 9


@pytest.mark.parametrize("name", GLUE)
def test_the_presets_are_settings(name: str) -> None:
    kind = tasks.kind(name)
    for preset in kind.presets.values():
        kind.settings_type.read(preset.settings, name)
    large = name in ("qnli", "mnli", "qqp")
    stage1 = kind.presets["stage1"].settings
    assert stage1["hidden"] == (1000 if large else 300)
    assert stage1.get("examples") == (2000 if large else None)
    assert kind.presets["stage2"].settings["hidden"] == 1500


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "made-up.txt"
    path.write_text("sleeps 1 2 3 4\nbread -1 -2 -3 -4\nunheard 9 9 9 9\n")
    return path


def test_vectors_are_where_their_words_are(vectors: Path, glue: Path) -> None:
    task = made("sst2", glue, vectors=str(vectors), embedding=0)
    weight = model_of(task).embedding.weight
    assert weight.shape[1] == task.embedding_size == 4
    assert weight[task.vocabulary["sleeps"]].tolist() == [1, 2, 3, 4]
    assert weight[task.vocabulary["bread"]].tolist() == [-1, -2, -3, -4]
    assert weight[0].abs().sum() == 0 and weight[task.vocabulary["the"]].abs().sum() > 0
    assert task.facts[-1].startswith("2 of ")
    assert task.checksum != made("sst2", glue).checksum


def test_the_file_of_vectors_is_found_from_elsewhere_as_well(
    vectors: Path, glue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(vectors.parent)
    told = made("sst2", glue, vectors=vectors.name, embedding=0).settings.vectors
    monkeypatch.chdir("/")
    assert made("sst2", glue, vectors=told, embedding=0).embedding_size == 4
    assert made("sst2", glue, vectors="none").settings.vectors == "none"


def test_parameters_are_counted_without_memory(vectors: Path, glue: Path) -> None:
    task = made("sst2", glue, vectors=str(vectors), embedding=0)
    with torch.device("meta"):
        model = task.model("LSTM", compile_layer)
    assert all(p.is_meta for p in model.parameters())
    assert [p.shape for p in model.parameters()] == [p.shape for p in model_of(task).parameters()]


@pytest.mark.parametrize("trained", ["yes", "no"])
def test_vectors_are_trained_where_wanted(trained: str, vectors: Path, glue: Path) -> None:
    task = made("sst2", glue, vectors=str(vectors), embedding=4, train_vectors=trained)
    model = model_of(task).train()
    before = model.embedding.weight.clone()
    optimizer = task.optimizer(model)
    for loss in task.losses(model, torch.Generator()):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal(before, model.embedding.weight) == (trained == "no")
    assert model.embedding.weight[0].abs().sum() == 0


def test_vectors_of_the_wrong_size(vectors: Path, glue: Path) -> None:
    assert "FEN491" in refused("sst2", glue, vectors=str(vectors), embedding=300)


def test_no_data() -> None:
    assert "FEN480" in refused("rte", None) and "`RTE`" in refused("rte", None)


def test_without_scikit_learn(glue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    assert "FEN493" in refused("rte", glue)


COUNTS = {
    "cola": (8551, 1043, 1063),
    "sst2": (67349, 872, 1821),
    "mrpc": (3668, 408, 1725),
    "stsb": (5749, 1500, 1379),
    "rte": (2490, 277, 3000),
    "wnli": (635, 71, 146),
    "qnli": (8999, 5463, 5463),
    "mnli": (8999, 9815, 0),
    "qqp": (8999, 1000, 0),
}
LABELS = {
    "cola": ([2528, 6023], [322, 721]),
    "sst2": ([29780, 37569], [428, 444]),
    "mrpc": ([1194, 2474], [129, 279]),
    "rte": ([1249, 1241], [146, 131]),
    "wnli": ([323, 312], [40, 31]),
    "qnli": ([4523, 4476], [2702, 2761]),
    "mnli": ([3061, 2980, 2958], [3479, 3123, 3213]),
    "qqp": ([5747, 3252], [623, 377]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_the_real_data(name: str, real_glue: Path) -> None:
    task = made(name, real_glue)
    valid, test = task.splits["valid"], task.splits.get("test", ())
    assert (len(task.train), len(valid), len(test)) == COUNTS[name]
    if name == "stsb":
        means = [round(5 * rows.labels.double().mean().item(), 3) for rows in (task.train, valid)]
        assert means == [2.701, 2.364]
    else:
        counts = tuple(rows.labels.bincount().tolist() for rows in (task.train, valid))
        assert counts == LABELS[name]
    assert len(task.vocabulary) <= SPECS[name].vocabulary + 2


def test_real_rows_with_every_column_filled(real_glue: Path, tmp_path: Path) -> None:
    for name, split in (("mnli", "dev_matched"), ("qqp", "dev")):
        folder = tmp_path / SPECS[name].folder
        folder.mkdir()
        sample = (real_glue / folder.name / "official_columns_sample.tsv.gz").read_bytes()
        for file in ("train", split):
            (folder / f"{file}.tsv.gz").write_bytes(sample)
        task = made(name, tmp_path)
        assert len(task.train) == {"mnli": 48, "qqp": 32}[name]
        assert real_glue.name and not task.facts, task.facts
