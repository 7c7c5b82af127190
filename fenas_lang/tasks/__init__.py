"""What a cell is scored on.  A task is a file of this folder with one subclass of `Task`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fenas_lang import registry
from fenas_lang.rules import tasks as rules
from fenas_lang.rules.search import UNKNOWN_OBJECT

if TYPE_CHECKING:
    from fenas_lang.tasks.base import Task

MACHINERY = frozenset(
    {
        "atlas_file",
        "averaging",
        "atlas_table",
        "base",
        "bidirectional",
        "cross_entropy",
        "language_model",
        "lm_settings",
        "lookup",
        "models",
        "outcome",
        "schedule",
        "sentences",
        "settings",
        "supervised",
        "training",
        "weights",
    }
)
"""The files of this folder that are no tasks but what tasks are made of."""


def names() -> list[str]:
    """All tasks, in order; imports none of them."""
    return [name for name in registry.discover(__name__) if name not in MACHINERY]


def kind(name: str) -> type[Task[Any]]:
    """The class of a task: its metric, its settings; of one of your own by `module:NAME`.

    Raises FEN400 for an unknown name, FEN523 for a module that cannot be imported.
    """
    if ":" in name:
        return _imported(name)
    if name not in names():
        raise rules.UNKNOWN_TASK.error(
            name=name, known=", ".join(names()), suggestion=registry.suggest(name, names())
        )
    module = registry.load(__name__, name, "task")
    found: type[Task[Any]] = next(
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and hasattr(value, "metric")
    )
    return found


def _imported(name: str) -> type[Task[Any]]:
    module, _, attribute = name.partition(":")
    try:
        found: type[Task[Any]] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UNKNOWN_OBJECT.error(name=name, reason=error) from None
    return found


def task(name: str, data: Path | str | None = None, **settings: Any) -> Task[Any]:
    """A task with its data loaded: `task("digits", epochs=5)`, `task("lm", "data/ptb")`.

    Settings are numbers, or text as typed on a command line.  Raises FenError: FEN400 or
    FEN523 for an unknown task, FEN401 and FEN402 for settings, FEN404 to FEN413 for data.
    """
    found = kind(name)
    values = found.settings_type.read(settings, name)
    return found(values, None if data is None else Path(data))
