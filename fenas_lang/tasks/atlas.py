"""The atlas of `fenasc atlas make`, looked up: every cell of the space `atlas`, trained before.

The space is closed under mutations that keep the number of nodes, so that searches run on it as
on any task, with `--space atlas`.  A cell that the file does not hold (yet) fails; one that is the
same function as a trained one has the figures of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.tasks.atlas_file import AtlasCell, Contents, Trained
from fenas_lang.tasks.atlas_table import contents
from fenas_lang.tasks.base import checksum_of
from fenas_lang.tasks.lookup import NO_RUN_ENDED, Entry, LookupTask
from fenas_lang.tasks.settings import Readable, setting


@dataclass(frozen=True)
class AtlasSettings(Readable):
    adding: float = setting(1.0, "weight of the adding problem in the score")
    copy: float = setting(1.0, "weight of the copy memory task in the score")


class Atlas(LookupTask[AtlasSettings]):
    """Scored by the relative loss: 0 is perfect, 1 what predictors without a memory reach.

    Of each task, the mean validation loss over the trainings that did not diverge, divided by that
    of its simplest predictor (always 1; no memory); over tasks, the weighted mean.
    """

    name = "atlas"
    metric = "relative_loss"
    settings_type = AtlasSettings
    table = (
        "the file of an atlas (`fenasc atlas make` makes one, `fenasc atlas export` a table of it)"
    )
    absent = "not in the atlas, or not trained yet"

    def load(self, data: Path) -> None:
        found = contents(data)
        pairs = ((cell.key, self._of(cell, found)) for cell in found.cells)
        self.entries = {key: entry for key, entry in pairs if entry is not None}
        keys = {cell.number: cell.key for cell in found.cells}
        held = (f"{keys[n]} {sorted(one.metrics.items())}" for n, one in found.trained.items())
        self.checksum = checksum_of(*held)

    def _of(self, cell: AtlasCell, found: Contents) -> Entry | None:
        trained = found.of(cell)
        if trained is not None:
            return self._entry(trained, found.references)
        reason = f"{cell.useless}, and is not trained yet"
        return Entry(failure=reason) if cell.useless else None

    def _entry(self, trained: Trained, references: Mapping[str, float]) -> Entry:
        if trained.failure:
            return Entry(failure=trained.failure)
        figures = {}
        for task, metrics in trained.metrics.items():
            ended = [metric for metric in metrics if metric is not None]
            if not ended:
                return NO_RUN_ENDED
            figures[f"{task}_relative_loss"] = sum(ended) / len(ended) / references[task]
        weights = {f"{task}_relative_loss": w for task, w in vars(self.settings).items()}
        total = sum(weights[name] * value for name, value in figures.items())
        whole = sum(weights[name] for name in figures) or 1.0
        return Entry({"relative_loss": total / whole, **figures})

    def entry(self, key: str) -> Entry | None:
        return self.entries.get(key)
