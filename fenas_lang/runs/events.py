"""The curves of a run for TensorBoard, against the number of epochs that ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from fenas_lang.rules.search import NO_TENSORBOARD
from fenas_lang.runs.checkpoint import Standing
from fenas_lang.runs.directory import Row
from fenas_lang.runs.listener import Listener
from fenas_lang.runs.plan import Plan


def writer_of(folder: Path) -> Callable[[], Any]:
    """What opens a folder for events; raises FEN538 where the package is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise NO_TENSORBOARD.error() from error
    return partial(SummaryWriter, str(folder))


class Events(Listener):
    """Writes event files into a folder; raises FEN538 where the package is missing."""

    def __init__(self, folder: Path):
        self._open = writer_of(folder)
        self._writer: Any = None

    def begin(self, plan: Plan, epochs: int, steps: int, items: int, standing: Standing) -> None:
        """Open the folder, as the run has truly begun."""
        self._writer = self._writer or self._open()

    def epoch(self, row: Row, standing: Standing) -> None:
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(row["epoch"]))
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
