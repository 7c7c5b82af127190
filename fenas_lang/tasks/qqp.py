"""QQP of GLUE: do two questions on Quora ask the same?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class QQP(SentenceTask):
    """QQP, scored by the mean of accuracy and F1 over the whole validation split."""

    name = "qqp"
    metric = "valid_mean"
    spec = SPECS["qqp"]
    presets = presets(spec)
