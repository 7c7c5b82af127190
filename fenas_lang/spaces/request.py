"""How large a cell is asked for, and with which output: checked against what the space allows."""

from __future__ import annotations

from dataclasses import dataclass

from fenas_lang.rules import space_files as rule
from fenas_lang.spaces.model import ANY, LAST, Space, in_words
from fenas_lang.spaces.outputs import RULES
from fenas_lang.syntax.flatten import MAX_NODES

WORDS = {phrase: word for word, phrase in RULES.items()}


@dataclass(frozen=True, slots=True)
class Request:
    """Number of nodes, number of states, and output rule of the cells to sample or count."""

    nodes: int
    states: int
    output: str

    @property
    def free_outputs(self) -> int:
        """How many outputs may be any node: all, or all but the first where a rule gives it."""
        return self.states if self.output == ANY else self.states - 1


def request(space: Space, nodes: int | None, states: int | None, output: str | None) -> Request:
    """A request; what is None has the space's default.  Raises FenError (FEN130-132).

    The nodes' default is the larger number of the space's `sample`, the states' the smallest that
    it allows, the output's its first rule; `output` is `last`, `loose`, `all` or `any`.
    """
    return Request(
        _nodes(space, space.nodes[1] if nodes is None else nodes),
        _states(space, space.states[0] if states is None else states),
        _output(space, WORDS[space.output[0]] if output is None else output),
    )


def _nodes(space: Space, nodes: int) -> int:
    if not space.nodes[0] <= nodes <= MAX_NODES:
        least, most = space.nodes[0], MAX_NODES
        raise rule.SAMPLED_NODES.error(space=space.name, least=least, most=most, nodes=nodes)
    return nodes


def _states(space: Space, states: int) -> int:
    least, most = space.states
    if not least <= states <= (most or MAX_NODES):
        allowed = in_words(space.states, "state")
        raise rule.SAMPLED_STATES.error(space=space.name, allowed=allowed, states=states)
    return states


def _output(space: Space, word: str) -> str:
    allowed = {*space.output, *([LAST] if ANY in space.output else [])}
    if RULES.get(word) not in allowed:
        known = " and ".join(f"`{WORDS[phrase]}`" for phrase in RULES.values() if phrase in allowed)
        raise rule.SAMPLED_OUTPUT.error(space=space.name, output=word, known=known)
    return RULES[word]
