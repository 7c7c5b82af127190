"""MNLI of GLUE: entailment, neutral or contradiction (Williams et al. 2018)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class MNLI(SentenceTask):
    """MNLI, scored by accuracy on the matched data over the whole validation split."""

    name = "mnli"
    metric = "valid_accuracy"
    spec = SPECS["mnli"]
    presets = presets(spec)
