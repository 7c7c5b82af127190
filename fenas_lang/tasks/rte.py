"""RTE of GLUE: does one sentence entail another (Dagan et al. 2005)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class RTE(SentenceTask):
    """RTE, scored by accuracy over the whole validation split."""

    name = "rte"
    metric = "valid_accuracy"
    spec = SPECS["rte"]
    presets = presets(spec)
