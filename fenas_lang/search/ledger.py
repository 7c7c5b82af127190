"""What a run keeps in memory of its trials, of which there may be very many: numbers, no texts."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from fenas_lang.search.trial import FAILED, Measured, Trial
from fenas_lang.search.variation import RANDOM_NAME

NEVER = -1
"""In the place of a trial's number: the key was trained, but in vain."""
EMPTY = 0
"""In the place of a digest, of which none is 0."""


class Scores:
    """Which keys were trained, and the score of the first trial of each that has one."""

    def __init__(self) -> None:
        self._first = _Numbers()
        self._scores, self._metrics = array("d"), array("d")
        self._rungs: dict[int, Any] = {}

    def __contains__(self, key: str) -> bool:
        return self._first.get(key) is not None

    def first(self, key: str) -> int | None:
        """The number of the scored trial of this key."""
        number = self._first.get(key)
        return None if number == NEVER else number

    def tell(self, trial: Trial) -> None:
        """A trial has ended."""
        known = self._first.get(trial.key)
        if trial.outcome == FAILED and known is None:
            self._first.set(trial.key, NEVER)
        elif trial.outcome != FAILED and known in (None, NEVER):
            self._first.set(trial.key, trial.number)
            self._note(trial)

    def _note(self, trial: Trial) -> None:
        assert trial.score is not None and trial.metric is not None
        for values, value in ((self._scores, trial.score), (self._metrics, trial.metric)):
            _put(values, trial.number, value)
        if "rungs" in trial.measured.facts:
            self._rungs[trial.number] = trial.measured.facts["rungs"]

    def lent(self, number: int) -> Measured:
        """What a copy of a scored trial takes over: its score, and at which rungs that was had."""
        facts = {"rungs": self._rungs[number]} if number in self._rungs else {}
        return Measured(self._scores[number], self._metrics[number], facts=facts)


class Lines:
    """The names at the roots of the trials' lineages."""

    def __init__(self, seeds: Sequence[str]):
        self._names = [RANDOM_NAME, *seeds]
        self._roots = array("i", range(1, len(self._names)))

    def root(self, number: int, parents: Sequence[int]) -> str:
        """Of a trial, told or to be told: a seed's name, or that of random cells."""
        return self._names[self._place(number, parents)]

    def tell(self, trial: Trial) -> None:
        """A trial has ended."""
        _put(self._roots, trial.number, self._place(trial.number, trial.parents))

    def _place(self, number: int, parents: Sequence[int]) -> int:
        oldest = parents[0] if parents else number
        return self._roots[oldest] if oldest < len(self._roots) else 0


def _put(values: array[Any], place: int, value: float) -> None:
    """Set one value; those before it that are not there yet are 0."""
    if place == len(values):
        values.append(value)
        return
    values.extend([0] * (place + 1 - len(values)))
    values[place] = value


class _Numbers:
    """Numbers by keys: digests of 64 bits and numbers in two arrays, found by linear probing.

    A dictionary takes five times the memory; of a million keys, two share a digest once in thirty
    million runs.
    """

    def __init__(self, size: int = 1024):
        self._used = 0
        self._digests, self._numbers = array("Q", [EMPTY]) * size, array("i", [0]) * size

    def get(self, key: str) -> int | None:
        """The number of this key."""
        place = self._place(_digest(key))
        return None if self._digests[place] == EMPTY else self._numbers[place]

    def set(self, key: str, number: int) -> None:
        """Set it, anew or for the first time."""
        self._set(_digest(key), number)
        if 3 * self._used > 2 * len(self._digests):
            self._grow()

    def _set(self, digest: int, number: int) -> None:
        place = self._place(digest)
        self._used += self._digests[place] == EMPTY
        self._digests[place], self._numbers[place] = digest, number

    def _place(self, digest: int) -> int:
        """Where it is, or would be."""
        digests, last = self._digests, len(self._digests) - 1
        place = digest & last
        while digests[place] not in (digest, EMPTY):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        larger = _Numbers(2 * len(self._digests))
        for digest, number in zip(self._digests, self._numbers, strict=True):
            if digest != EMPTY:
                larger._set(digest, number)
        self._digests, self._numbers = larger._digests, larger._numbers


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
