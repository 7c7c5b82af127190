"""The metrics of GLUE over a whole split, by scikit-learn and SciPy.

Accuracy, F1 of class 1, Matthews correlation (Matthews 1975), Pearson and Spearman correlation;
`mean` is that of accuracy and F1.  Where all predictions or all answers are one and the same, a
correlation is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def accuracy(answers: Values, predictions: Values) -> float:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(answers, predictions))


def f1(answers: Values, predictions: Values) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(answers, predictions, zero_division=0.0))


def mean(answers: Values, predictions: Values) -> float:
    return (accuracy(answers, predictions) + f1(answers, predictions)) / 2


def matthews(answers: Values, predictions: Values) -> float:
    from sklearn.metrics import matthews_corrcoef

    return (
        0.0 if _constant(answers, predictions) else float(matthews_corrcoef(answers, predictions))
    )


def pearson(answers: Values, predictions: Values) -> float:
    from scipy.stats import pearsonr

    return 0.0 if _constant(answers, predictions) else float(pearsonr(answers, predictions)[0])


def spearman(answers: Values, predictions: Values) -> float:
    from scipy.stats import spearmanr

    return 0.0 if _constant(answers, predictions) else float(spearmanr(answers, predictions)[0])


METRICS: dict[str, Callable[[Values, Values], float]] = {
    metric.__name__: metric for metric in (accuracy, f1, mean, matthews, pearson, spearman)
}


def scores(
    names: Sequence[str], answers: Sequence[float], predictions: Sequence[float]
) -> dict[str, float]:
    """Each metric by its name, of a split's answers and what was predicted."""
    wanted, given = np.asarray(answers), np.asarray(predictions)
    return {name: METRICS[name](wanted, given) for name in names}


def _constant(*columns: Values) -> bool:
    return any(len(column) < 2 or bool(np.ptp(column) == 0) for column in columns)
