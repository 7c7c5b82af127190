"""QNLI of GLUE: does a sentence answer a question (Rajpurkar et al. 2016)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class QNLI(SentenceTask):
    """QNLI, scored by accuracy over the whole validation split."""

    name = "qnli"
    metric = "valid_accuracy"
    spec = SPECS["qnli"]
    presets = presets(spec)
