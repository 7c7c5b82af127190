"""One long training in a directory of its own: begun, gone on with, measured, used to predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fenas_lang import hub, tasks
from fenas_lang.engine.threads import torch_threads
from fenas_lang.registry import suggest
from fenas_lang.rules import runs as rules
from fenas_lang.runs import training
from fenas_lang.runs.directory import Directory, begin, check_place
from fenas_lang.runs.listener import Listener
from fenas_lang.runs.measuring import Predictions, evaluate, opened_task, predict
from fenas_lang.runs.plan import Plan, settings_of, versions
from fenas_lang.runs.result import Evaluation, Result
from fenas_lang.runs.sizes import check_trains, match, parameters
from fenas_lang.runs.subject import subject_of
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.training import hardware

__all__ = [
    "Evaluation",
    "Listener",
    "Predictions",
    "Result",
    "evaluate",
    "predict",
    "resume",
    "train",
]


def train(
    cell: Cell | str | Path,
    task: str,
    directory: str | Path,
    *,
    data: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    preset: str | None = None,
    seed: int = 0,
    threads: int = 1,
    patience: int | None = None,
    match_parameters: str | None = None,
    test: bool = True,
    force: bool = False,
    listener: Listener | None = None,
) -> Result:
    """Train a cell, in a new directory, and measure the weights of its best epoch.

    `cell` is a Cell, a reference as on the command line, or `torch.nn.LSTM`, `torch.nn.GRU` or
    `torch.nn.RNN`; `task` the name of a task or `module:NAME` of one of your own, `data` its
    directory.  `settings` change those of `preset`, which change the task's defaults.  After
    `patience` epochs without a better metric the training ends.  `match_parameters` (`24M`, `500k`,
    `LSTM:300`) picks the hidden size.  `test` measures the test data at the end.  `force` renames a
    directory that holds a run, to `.bak`.

    Raises FenError where nothing was begun (FEN400 to FEN413, FEN460, FEN468 and FEN471 to FEN475)
    or a file cannot be written (FEN463), KeyboardInterrupt after Ctrl-C; `resume` then goes on.
    """
    subject, path = subject_of(cell), Path(directory)
    check_place(path, force)
    told = {**_preset(task, preset), **(settings or {})}
    loaded = tasks.task(task, data, **told)
    check_trains(loaded)
    parameters(loaded, subject)
    matched = None
    if match_parameters is not None:
        matched = match(loaded, subject, match_parameters)
        loaded = loaded.sized(matched.hidden)
    plan = Plan(
        cell={"name": subject.name, "key": subject.key},
        layer=subject.layer,
        task=task,
        metric=loaded.metric,
        higher_is_better=loaded.higher_is_better,
        settings=settings_of(loaded),
        checksum=loaded.checksum,
        hardware=_hardware(threads),
        data=None if data is None else hub.located(data),
        preset=preset,
        seed=seed,
        threads=threads,
        patience=patience,
        test=test,
        matched=matched,
        versions=versions(),
    )
    begun = begin(path, plan, subject.texts, force)
    with begun.written():
        return training.train(replace(begun, path=path), plan, loaded, listener or Listener())


def resume(
    directory: str | Path, *, data: str | Path | None = None, listener: Listener | None = None
) -> Result:
    """Go on with a training; one that is finished is not trained again.

    `data` says where the task's data are now.  Raises FenError (FEN461, FEN462, FEN464, FEN467) and
    KeyboardInterrupt as `train` does.
    """
    found = Directory(Path(directory))
    plan, result = found.plan(), found.result()
    if result is not None and result.failure is None:
        return result
    task, listener = opened_task(found, plan, data), listener or Listener()
    if plan.versions != versions():
        listener.say(f"begun with {_listed(plan.versions)}; goes on with {_listed(versions())}")
    with found.written():
        return training.train(found, plan, task, listener)


def _hardware(threads: int) -> str:
    with torch_threads(threads):
        return hardware()


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _preset(task: str, name: str | None) -> Mapping[str, Any]:
    """The settings of a preset.  Raises FEN471 for one that the task has not."""
    presets = {} if name is None else tasks.kind(task).presets
    if name is None or name in presets:
        return presets[name].settings if name else {}
    raise rules.UNKNOWN_PRESET.error(
        task=task, name=name, known=", ".join(presets) or "none", suggestion=suggest(name, presets)
    )
