"""WNLI of GLUE: does a sentence with its pronoun resolved follow (Levesque et al. 2012)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class WNLI(SentenceTask):
    """WNLI, scored by accuracy over the whole validation split."""

    name = "wnli"
    metric = "valid_accuracy"
    spec = SPECS["wnli"]
    presets = presets(spec)
