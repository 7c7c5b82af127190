"""The published results of NAS-Bench-NLP, looked up: no training.

Klyuchnikov et al. 2022 (arXiv:2006.07116).  `fenas_lang.pools.nas_bench_nlp` says what `--data`
holds.  The list is a random one, so that a mutant is mostly not in it: a search of this task draws
its random cells from the list, and its mutants from the parent's nearest neighbours there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.pools import pool
from fenas_lang.tasks.lookup import NO_RUN_ENDED, Entry, LookupTask
from fenas_lang.tasks.settings import Readable, setting


@dataclass(frozen=True)
class NasBenchNlpSettings(Readable):
    neighbours: int = setting(10, "nearest cells of the list that a mutant is drawn from", low=1)


class NasBenchNlp(LookupTask[NasBenchNlpSettings]):
    """Scored by the loss on the Penn Treebank's test text after the last epoch, nats a word.

    The mean over all runs, of all recipes with the cell's key, that did not diverge.
    """

    name = "nas_bench_nlp"
    metric = "final_test_loss"
    settings_type = NasBenchNlpSettings
    table = "the folder of NAS-Bench-NLP's results"
    absent = "not in the published list"

    def load(self, data: Path) -> None:
        self.pool = pool(self.name, data)
        self.checksum = self.pool.checksum

    def entry(self, key: str) -> Entry | None:
        member = self.pool.by_key.get(key)
        if member is None:
            return None
        loss = member.runs.mean
        if loss is None:
            return NO_RUN_ENDED
        runs, failed = len(member.runs.losses), member.runs.failed
        perplexity = math.exp(loss)
        figures = {"final_test_loss": loss, "final_test_perplexity": perplexity}
        return Entry({**figures, "runs": runs, "diverged_runs": failed})
