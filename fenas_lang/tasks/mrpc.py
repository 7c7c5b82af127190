"""MRPC of GLUE: do two sentences say the same (Dolan & Brockett 2005)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class MRPC(SentenceTask):
    """MRPC, scored by the mean of accuracy and F1 over the whole validation split."""

    name = "mrpc"
    metric = "valid_mean"
    spec = SPECS["mrpc"]
    presets = presets(spec)
