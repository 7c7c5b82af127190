"""SST-2 of GLUE: is a film review's phrase positive (Socher et al. 2013)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class SST2(SentenceTask):
    """SST-2, scored by accuracy over the whole validation split."""

    name = "sst2"
    metric = "valid_accuracy"
    spec = SPECS["sst2"]
    presets = presets(spec)
