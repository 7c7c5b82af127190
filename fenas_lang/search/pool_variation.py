"""Search in a published list of trained cells: a random cell, and a mutant, are always of the list.

The list is a random sample of a large space, so that what a mutation makes is mostly not in it.
Here the mutants of a cell are its nearest neighbours in the list instead, each as likely as the
others, under the distance of `fenas_lang.pools`; mutations and their weights, the number of nodes
and the sampler mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from fenas_lang import pools
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.pools import Member, Pool
from fenas_lang.rules import tables as rules
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.variation import Variation

NEIGHBOURS = 10
"""So many, where the task's settings do not say."""


@dataclass(frozen=True)
class PoolVariation(Variation):
    """`task` names the pool, `data` its folder, which is read when a cell is first made."""

    task: str = ""
    data: str | None = None
    task_settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def pool(self) -> Pool:
        """Raises FenError (FEN430-432)."""
        if self.data is None:
            raise rules.NO_TABLE_GIVEN.error(task=self.task, what="a folder of results")
        return pools.pool(self.task, Path(self.data))

    @cached_property
    def _by_text(self) -> Mapping[str, Member]:
        return {_anonymous(str(member.cell)): member for member in self.pool.members}

    def random(self, rng: Random) -> Proposal:
        """Any cell of the list, all with the same probability."""
        return Proposal(rng.choice(self.pool.members).cell, (), "random cell")

    def mutant(self, parent: Individual, rng: Random) -> Proposal:
        """One of the nearest neighbours of the parent, all with the same probability."""
        count = int(self.task_settings.get("neighbours", NEIGHBOURS))
        near = self.pool.neighbours(*self._known(parent), count)
        if not near:
            return self.random(rng)
        place = rng.randrange(len(near))
        member, distance = near[place]
        edit = f"neighbour {place + 1} of {len(near)} in the list, {distance:.3f} away"
        return Proposal(member.cell, (parent.number,), edit)

    def _known(self, parent: Individual) -> tuple[str, Dataflow]:
        """Key and lowered cell; only what is not in the list has to be read."""
        member = self._by_text.get(_anonymous(parent.source))
        if member is not None:
            return member.key, member.dataflow
        dataflow = lower(parent.cell, self.space)
        return canonical_key(dataflow), dataflow


def in_pool(made: Callable[[Settings], Variation]) -> Callable[[Settings], Variation]:
    """What `made` makes of a run's settings, but in the pool where the run's task has one."""

    def variation_of(settings: Settings) -> Variation:
        variation = made(settings)
        if settings.task not in pools.names():
            return variation
        told = {name: getattr(settings, name) for name in ("task", "data", "task_settings")}
        told |= {field.name: getattr(variation, field.name) for field in fields(variation)}
        return PoolVariation(**told)

    return variation_of


def _anonymous(source: str) -> str:
    """A cell's text without its name, which is another one in every trial."""
    return source.partition("(")[2]
