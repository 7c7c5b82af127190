"""CoLA of GLUE: is a sentence acceptable English (Warstadt et al. 2019)?"""

from __future__ import annotations

from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceTask, presets


class CoLA(SentenceTask):
    """CoLA, scored by Matthews correlation over the whole validation split."""

    name = "cola"
    metric = "valid_matthews"
    spec = SPECS["cola"]
    presets = presets(spec)
