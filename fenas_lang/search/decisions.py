"""A cell of a space as a sentence: the decisions that make it, one token each.

First the number of states (where the run has several), then for each node its operation and its
parents, and at the end a node for each output that the output rule leaves free.  Parents whose
order means nothing are said in ascending order, so that a numbered node list has one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from fenas_lang.search.genome import Genome
from fenas_lang.search.variation import Variation
from fenas_lang.spaces.choices import Choices, choices
from fenas_lang.spaces.model import ANY, Space
from fenas_lang.spaces.operations import NodeChoice, operations
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.request import Request
from fenas_lang.spaces.sample import assemble
from fenas_lang.syntax.ast import Cell

Pick = Callable[[range | Sequence[int]], int]
"""Chooses one of the tokens that are allowed next."""


class NoSentence(Exception):
    """The cell is not one of those that decisions lead to."""


@dataclass(frozen=True)
class Sentence:
    """Tokens in order, and for each those that were allowed in its place."""

    tokens: tuple[int, ...]
    allowed: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Language:
    """The sentences of the cells of a space with so many nodes and one of the numbers of `states`.

    Tokens are numbered: operations, then the input and the states as parents, then nodes (as
    parents and as outputs), then numbers of states.
    """

    space: Space
    nodes: int
    states: tuple[int, ...]
    output: str

    @cached_property
    def _parents_from(self) -> int:
        return len(operations(self.space))

    @cached_property
    def _nodes_from(self) -> int:
        return self._parents_from + 1 + max(self.states)

    @cached_property
    def _states_from(self) -> int:
        return self._nodes_from + self.nodes

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return self._states_from + len(self.states)

    def say(self, pick: Pick, name: str) -> Cell:
        """The cell of the decisions of `pick`, which is asked only where there is a choice."""
        count = self.states[0]
        if len(self.states) > 1:
            count = self.states[pick(range(self._states_from, self.size)) - self._states_from]
        drawn = [self._node(place, count, pick) for place in range(1, self.nodes + 1)]
        asked = Request(self.nodes, count, self.output)
        nodes = range(self._nodes_from, self._states_from)
        outputs = [pick(nodes) - self._nodes_from for _ in range(asked.free_outputs)]
        return assemble(self.space, asked, drawn, outputs, name)

    def write(self, pick: Pick, name: str) -> tuple[Cell, Sentence]:
        """The same with its sentence."""
        noted = _Noted(pick)
        cell = self.say(noted, name)
        return cell, Sentence(tuple(noted.tokens), tuple(noted.allowed))

    def _node(self, place: int, states: int, pick: Pick) -> NodeChoice:
        among = choices(self.space, place, states)
        if among.operations[0].fixed:
            return among[0]
        possible = [k for k, o in enumerate(among.operations) if among.pool(o) > 0]
        operation = among.operations[pick(possible)]
        first, parents = among.first_parent(operation), list[int]()
        for group in operation.groups:
            least = first
            for _ in range(group.size):
                tokens = [self._parent(k, states) for k in range(least, among.sources)]
                least += tokens.index(pick(tokens))
                parents.append(least)
        return NodeChoice(operation, tuple(parents))

    def _parent(self, source: int, states: int) -> int:
        """The token of a source: 0 is the input, then come the states, then the nodes."""
        inputs = 1 + states
        return (
            self._parents_from + source if source < inputs else self._nodes_from + source - inputs
        )

    def read(self, cell: Cell) -> Sentence:
        """The sentence of a flat cell.  Raises NoSentence."""
        pick = _Recited(self._tokens(cell))
        said = self.say(pick, cell.name)
        if said.nodes != cell.nodes or said.output_names != cell.output_names:
            raise NoSentence
        return Sentence(tuple(pick.tokens), tuple(pick.allowed))

    def _tokens(self, cell: Cell) -> list[int]:
        """What `say` would have to be told, as far as the cell can be read."""
        genome, states = Genome.of(cell, self.space), len(cell.states)
        if len(genome.nodes) != self.nodes or states not in self.states:
            raise NoSentence
        tokens = []
        if len(self.states) > 1:
            tokens.append(self._states_from + self.states.index(states))
        for position, node in enumerate(genome.nodes):
            among = choices(self.space, position + 1, states)
            found = among.find(node.value, genome.before(position))
            tokens += self._of_node(found, among, states)
        return tokens + self._of_outputs(genome)

    def _of_node(self, found: NodeChoice | None, among: Choices, states: int) -> list[int]:
        if found is None:
            raise NoSentence
        if found.operation.fixed:
            return []
        operation = among.operations.index(found.operation)
        return [operation, *(self._parent(parent, states) for parent in found.parents)]

    def _of_outputs(self, genome: Genome) -> list[int]:
        names = [node.name for node in genome.nodes]
        free = genome.outputs if self.output == ANY else genome.outputs[1:]
        if not set(free) <= set(names):
            raise NoSentence
        return [self._nodes_from + names.index(name) for name in free]


def language_of(variation: Variation) -> Language:
    """The sentences of the cells of a run, with as many states as some seed has."""
    space = variation.space
    states = {len(seed.states) for seed in variation.seeds} or {space.states[0]}
    return Language(space, variation.nodes, tuple(sorted(states)), RULES[variation.output])


class _Noted:
    """Picks as another does, and notes what was allowed."""

    def __init__(self, pick: Pick):
        self.pick, self.tokens, self.allowed = pick, list[int](), list[tuple[int, ...]]()

    def __call__(self, allowed: range | Sequence[int]) -> int:
        self.allowed.append(tuple(allowed))
        self.tokens.append(self.pick(allowed))
        return self.tokens[-1]


class _Recited:
    """Picks given tokens in turn, and notes what was allowed.  Raises NoSentence."""

    def __init__(self, tokens: Sequence[int]):
        self.tokens, self.allowed = tokens, list[tuple[int, ...]]()

    def __call__(self, allowed: range | Sequence[int]) -> int:
        place = len(self.allowed)
        if place >= len(self.tokens) or self.tokens[place] not in allowed:
            raise NoSentence
        self.allowed.append(tuple(allowed))
        return self.tokens[place]
