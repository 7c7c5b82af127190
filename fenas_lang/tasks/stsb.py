"""STS-B of GLUE: how alike are two sentences, from 0 to 5 (Cer et al. 2017)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class STSB(SentenceTask):
    """STS-B, scored by Pearson correlation over the whole validation split."""

    name = "stsb"
    metric = "valid_pearson"
    spec = SPECS["stsb"]
    presets = presets(spec)
