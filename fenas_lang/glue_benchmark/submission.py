"""What the GLUE server takes: a line for each row of a test file, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fenas_lang.glue_benchmark.specs import TOP_SCORE, Spec

HEADER = "index\tprediction"


def named(spec: Spec, predictions: Iterable[float]) -> list[str]:
    """Predictions as the server reads them: a label's name, or a score from 0 to 5."""
    if spec.labels:
        return [spec.labels[int(number)] for number in predictions]
    return [f"{min(max(score, 0.0), TOP_SCORE):.3f}" for score in predictions]


def submission(predictions: Sequence[str]) -> str:
    """The text of the file; rows count from 0."""
    lines = (f"{index}\t{prediction}" for index, prediction in enumerate(predictions))
    return "\n".join((HEADER, *lines)) + "\n"
