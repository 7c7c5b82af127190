"""How many numbered node lists a space has: exactly, as a product of whole numbers."""

from __future__ import annotations

from math import prod

from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.request import request


def count(
    space: Space, nodes: int | None = None, states: int | None = None, output: str | None = None
) -> int:
    """The number of lists that `sample` draws from, with the same arguments.

    What the nodes may be at each place does not depend on the nodes before, only on their number,
    and an output rule leaves no choice; so the number is a product: of the choices for each node,
    and of the nodes for each output that may be any of them.  Raises FenError (FEN130-132).
    """
    asked = request(space, nodes, states, output)
    places = range(1, asked.nodes + 1)
    lists = prod(choices(space, place, asked.states).count for place in places)
    outputs: int = asked.nodes**asked.free_outputs
    return lists * outputs
