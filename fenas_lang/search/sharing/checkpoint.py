"""What has been learnt so far, in a file beside the store, so that a killed run can go on with it.

A file of another run, or one that cannot be read, counts as none: to learn from the beginning leads
to the same weights.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from fenas_lang.rules import search as rules


def save(path: Path | None, run: str, state: dict[str, Any]) -> None:
    """Write the state whole or not at all.  Raises FEN505."""
    if path is None:
        return
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as file:
            torch.save({"run": run, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except (OSError, RuntimeError) as error:
        raise rules.UNWRITABLE_STORE.error(path=path, reason=error) from None


def load(path: Path | None, run: str) -> dict[str, Any] | None:
    """The state of this run that was written last, if there is one."""
    if path is None or not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        return state if state["run"] == run else None
    except Exception:
        return None
