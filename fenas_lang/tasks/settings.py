"""Settings of a task: a frozen dataclass whose fields say what they mean and what they may be."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_type_hints

from fenas_lang.registry import suggest
from fenas_lang.rules import tasks as rules

KINDS = {int: "a whole number", float: "a number"}

Value = float | str


def setting(default: float, description: str, *, low: float = 0, high: float = math.inf) -> Any:
    """A field of `Settings`: its default, a sentence, and the range of its values, inclusive."""
    return field(default=default, metadata={"description": description, "range": (low, high)})


def choice(default: str, description: str, *, among: tuple[str, ...]) -> Any:
    """A field of `Settings` that is one of these words."""
    return field(default=default, metadata={"description": description, "among": among})


def text(default: str, description: str) -> Any:
    """A field of `Settings` that is any text, the name of a file say."""
    return field(default=default, metadata={"description": description})


def file(default: str, description: str, *, words: tuple[str, ...] = ()) -> Any:
    """A field of `Settings` that is a file, or one of these words; a path becomes absolute, so that
    a run can go on from another directory."""
    return field(default=default, metadata={"description": description, "words": words})


@dataclass(frozen=True)
class Described:
    """One setting, for help texts."""

    name: str
    kind: type
    default: Value
    description: str
    range: tuple[float, float] = (0, math.inf)
    among: tuple[str, ...] = ()
    words: tuple[str, ...] | None = None

    @property
    def expected(self) -> str:
        """What its value is to be, in words: `a whole number of at least 1`."""
        if self.among:
            return f"one of {', '.join(self.among)}"
        if self.words is not None:
            return f"a file or one of {', '.join(self.words)}"
        if self.kind is str:
            return "text"
        low, high = self.range
        if math.isinf(high):
            return f"{KINDS[self.kind]} of at least {low:g}"
        return f"{KINDS[self.kind]} from {low:g} to {high:g}"

    def read(self, value: Any, task: str) -> Value:
        """The value as this setting's type; raises FEN402."""
        if self.words is not None and isinstance(value, str | Path) and value not in self.words:
            return str(Path(value).expanduser().absolute())
        if value in self.among or (self.kind is str and not self.among):
            return str(value)
        try:
            number = float("nan") if self.among else self.kind(value)
            fits = self.range[0] <= number <= self.range[1] and math.isfinite(number)
            exact = isinstance(value, str) or number == value
        except (ValueError, TypeError, OverflowError):
            fits = False
        if isinstance(value, bool) or not (fits and exact):
            raise rules.BAD_SETTING.error(
                name=self.name, task=task, expected=self.expected, given=value
            )
        found: float = number
        return found


@dataclass(frozen=True)
class Readable:
    """Settings as they are typed: each by its name, checked against its type and range."""

    @classmethod
    def described(cls) -> dict[str, Described]:
        """Every setting by its name, in order."""
        kinds, defaults = get_type_hints(cls), cls()
        return {
            f.name: Described(f.name, kinds[f.name], getattr(defaults, f.name), **f.metadata)
            for f in dataclasses.fields(cls)
        }

    @classmethod
    def read(cls, values: Mapping[str, Any], task: str) -> Self:
        """Settings with these values (numbers, or text as typed) in place of defaults.

        Raises FenError: FEN401 for a name that there is not, FEN402 for a value that does not fit.
        """
        described = cls.described()
        for name in values:
            if name not in described:
                raise rules.UNKNOWN_SETTING.error(
                    task=task,
                    name=name,
                    known=", ".join(described),
                    suggestion=suggest(name, described),
                )
        read: dict[str, Any] = {n: described[n].read(value, task) for n, value in values.items()}
        return cls(**read)


@dataclass(frozen=True)
class Preset:
    """Settings under a name, with what they were published for, or where they come from."""

    source: str
    settings: Mapping[str, Value]


@dataclass(frozen=True)
class Settings(Readable):
    """What every task that trains can be told; tasks add their own and change the defaults."""

    hidden: int = setting(32, "size of the hidden state, H", low=1)
    batch: int = setting(32, "sequences in a training step", low=1)
    learning_rate: float = setting(0.001, "Adam's step size", low=1e-9, high=100)
    clip: float = setting(1.0, "largest norm of the gradient (longer ones are scaled); 0: no limit")
    l2: float = setting(0.0, "weight decay, added to the gradient as l2 times the parameter")


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """`["epochs=5", "hidden=32"]` as a mapping; the last one of a name counts.  Raises FEN403."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise rules.NOT_AN_ASSIGNMENT.error(given=text)
        found[name] = value
    return found
