"""Where a training stands after an epoch: enough to go on as if it had never stopped.

Every epoch has random seeds of its own (`tasks.training.epoch_losses`), so that the state of no
random generator belongs to it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor, nn

from fenas_lang.rules import runs as rules
from fenas_lang.runs.directory import Directory, Row
from fenas_lang.runs.files import write_whole
from fenas_lang.runs.weights import give, weights_of

VERSION = 1


@dataclass
class Standing:
    """Figures of the epochs that ended: rows of `epochs.csv`, the best one's place, and times.

    `seconds` is all the time so far, `busy` that of training steps.
    """

    steps: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    best_epoch: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        return len(self.rows)


def save(
    directory: Directory, standing: Standing, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write `last.pt`, whole or not at all.  Raises FEN463."""
    content = {
        "version": VERSION,
        "standing": vars(standing),
        "model": weights_of(model),
        "optimizer": optimizer.state_dict(),
    }
    write_whole(directory.last, lambda sink: torch.save(content, sink), directory.how_to_go_on)  # type: ignore[arg-type]


def restore(directory: Directory, model: nn.Module, optimizer: torch.optim.Optimizer) -> Standing:
    """Give a model and its optimizer what `last.pt` has; a new standing where there is none.

    Raises FEN462 for a damaged file, and FEN476.
    """
    if not directory.last.is_file():
        return Standing()
    content = _read(directory)
    try:
        values: dict[str, Tensor] = content["model"]
        give(model, values, directory.last)
        optimizer.load_state_dict(content["optimizer"])
        told: dict[str, Any] = content["standing"]
        return Standing(**{f.name: told[f.name] for f in fields(Standing)})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(directory, f"it lacks or has too much: {error}") from error


def _read(directory: Directory) -> Any:
    """Tensors, numbers and texts alone are read: `weights_only` unpickles nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(directory.last, weights_only=True)
    except Exception as error:  # of many kinds, by where a file is cut off or what stands there
        reason = next(iter(str(error).splitlines()), "it is cut off")
        raise _damaged(directory, reason) from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        reason = f"its version is {version}, this program reads {VERSION}"
        raise _damaged(directory, reason)
    return content


def _damaged(directory: Directory, reason: str) -> Exception:
    hint = f"put back a whole copy; without the file, `{directory.resume_command}` begins anew"
    return rules.DAMAGED_RUN.error(path=directory.last, reason=reason, hint=hint)
