"""Which trials of a phase are still to be begun, in constant time and without a list of them."""

from __future__ import annotations


class Pending:
    """The numbers below `total` that nobody took yet."""

    def __init__(self, total: int):
        self._next, self._total = 0, total
        self._ahead: set[int] = set()

    @property
    def first(self) -> int | None:
        """The least of them."""
        return self._next if self._next < self._total else None

    def take(self, number: int) -> None:
        """It is begun; again, where a run is resumed and it is told."""
        if number >= self._next:
            self._ahead.add(number)
        while self._next in self._ahead:
            self._ahead.remove(self._next)
            self._next += 1

    def clear(self) -> None:
        """There is nothing more to begin."""
        self._next = self._total
