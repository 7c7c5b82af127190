"""Metrics beside their formulae, and submission files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenas_lang.glue_benchmark.metrics import METRICS, scores
from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.glue_benchmark.submission import named, submission

bits = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30)


@settings(deadline=None)  # the first call imports scikit-learn
@given(bits)
def test_classes_by_counting(pairs: list[tuple[int, int]]) -> None:
    tp, tn, fp, fn = (pairs.count(pair) for pair in ((1, 1), (0, 0), (0, 1), (1, 0)))
    found = scores(("accuracy", "f1", "mean", "matthews"), *zip(*pairs, strict=True))
    right = (tp + tn) / len(pairs)
    f1 = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
    below = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    matthews = (tp * tn - fp * fn) / below**0.5 if below else 0.0
    assert list(found.values()) == pytest.approx([right, f1, (right + f1) / 2, matthews])


def test_correlations_by_numpy() -> None:
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 11, 200) / 2
    given = answers + rng.normal(size=200)
    found = scores(("pearson", "spearman"), answers, given)
    assert found["pearson"] == pytest.approx(np.corrcoef(answers, given)[0, 1])
    assert scores(("spearman",), answers, np.exp(given)) == pytest.approx(
        {"spearman": found["spearman"]}
    )


@pytest.mark.parametrize("metric", ["matthews", "pearson", "spearman"])
@pytest.mark.parametrize("given", [[1.0] * 6, [0.0] * 6])
def test_who_always_says_the_same_correlates_with_nothing(metric: str, given: list[float]) -> None:
    answers = [0, 1, 0, 1, 1, 1]
    assert scores((metric,), answers, given) == {metric: 0.0}
    assert scores((metric,), given, answers) == {metric: 0.0}


def test_every_task_has_metrics_that_there_are() -> None:
    assert {name for spec in SPECS.values() for name in spec.metrics} == set(METRICS)


def test_a_submission_has_names_and_scores_within_range() -> None:
    assert named(SPECS["mnli"], [2, 0, 1]) == ["contradiction", "entailment", "neutral"]
    assert named(SPECS["sst2"], [1, 0]) == ["1", "0"]
    assert named(SPECS["stsb"], [-0.2, 2.71828, 5.4]) == ["0.000", "2.718", "5.000"]
    assert submission(["entailment", "not_entailment"]) == (
        "index\tprediction\n0\tentailment\n1\tnot_entailment\n"
    )


def test_what_the_server_calls_the_files() -> None:
    names = {spec.submission("test") for spec in SPECS.values()}
    assert names | {SPECS["mnli"].submission("test_mismatched")} == {
        "CoLA.tsv", "SST-2.tsv", "MRPC.tsv", "QQP.tsv", "STS-B.tsv",
        "MNLI-m.tsv", "MNLI-mm.tsv", "QNLI.tsv", "RTE.tsv", "WNLI.tsv",
    }  # fmt: skip
