"""Random cells of a space, uniform over its numbered node lists or choice by choice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from fenas_lang.rules import space_files as rule
from fenas_lang.spaces.choices import Choices, choices
from fenas_lang.spaces.model import ANY, Space
from fenas_lang.spaces.nodes import build
from fenas_lang.spaces.operations import NodeChoice, Operation, takes_zero
from fenas_lang.spaces.outputs import rule_output
from fenas_lang.spaces.request import Request, request
from fenas_lang.syntax.ast import Cell, Node, Parameter

DEFAULT_SPACE = "fenas"
UNIFORM, BY_CHOICES = "uniform", "choices"


def sample(
    space: Space,
    *,
    seed: int | None = None,
    rng: random.Random | None = None,
    nodes: int | None = None,
    states: int | None = None,
    output: str | None = None,
    by: str = UNIFORM,
    name: str = "Cell",
) -> Cell:
    """A random cell of a space.

    `uniform` draws every numbered node list with the same probability: each node uniformly from
    all its choices.  `choices` draws a node's function, then its form, then the number of its
    parents, then each parent, uniformly; `zero` is one of the candidates for a second parent.
    Outputs that may be any node are drawn uniformly from the nodes.

    `nodes` is the space's larger number unless given, `states` its smallest, `output` (`last`,
    `loose`, `all` or `any`) its first rule.  `rng` is used where given, else one made from `seed`.
    Raises FenError (FEN130-133).
    """
    asked = request(space, nodes, states, output)
    if by not in DRAW:
        raise rule.UNKNOWN_SAMPLER.error(by=by)
    rng = rng or random.Random(seed)
    draw = DRAW[by]
    places = range(1, asked.nodes + 1)
    drawn = [draw(choices(space, place, asked.states), space, rng) for place in places]
    outputs = [rng.randrange(asked.nodes) for _ in range(asked.free_outputs)]
    return assemble(space, asked, drawn, outputs, name)


def assemble(
    space: Space, asked: Request, drawn: Sequence[NodeChoice], outputs: Sequence[int], name: str
) -> Cell:
    """The cell of a numbered node list; `outputs` are the nodes, from 0, of the free outputs."""
    header = ["x", *state_names(asked.states)]
    sources, nodes = list(header), list[Node]()
    for number, choice in enumerate(drawn, 1):
        nodes.append(build(choice, f"n{number}", sources))
        sources.append(nodes[-1].name)
    names = [nodes[output].name for output in outputs]
    if asked.output != ANY:
        whole, first = rule_output(space, asked.output, nodes)
        nodes, names = list(whole), [first, *names]
    return Cell(
        name,
        None if space.name == DEFAULT_SPACE else space.name,
        tuple(map(Parameter, header)),
        tuple(map(Parameter, names)),
        space.bias != "forbidden",
        tuple(nodes),
    )


def state_names(states: int) -> list[str]:
    """The names that the header of a sampled cell gives to its states."""
    return [*("h_prev", "c_prev")[:states], *(f"s{k}_prev" for k in range(3, states + 1))]


def _draw_uniformly(among: Choices, space: Space, rng: random.Random) -> NodeChoice:
    return among.draw(rng)


def _draw_by_choices(among: Choices, space: Space, rng: random.Random) -> NodeChoice:
    """Function, form, number of parents, kinds of edges, each parent."""
    possible = [o for o in among.operations if among.pool(o)]
    for trait in (attrgetter("function"), attrgetter("form")):
        possible = _pick(possible, trait, rng)
    alone = _with_zero(possible, space)
    possible = _pick([o for o in possible if o is not alone], lambda o: len(o.edges), rng)
    operation = rng.choice(possible)
    if operation.fixed:
        return among.draw(rng)
    first, pool = among.first_parent(operation), among.pool(operation)
    parents = [first + rng.randrange(pool) for _ in operation.edges]
    if alone and len(parents) == 2 and rng.randrange(pool + 1) == pool:
        return alone.choose(parents[:1])
    return operation.choose(parents)


def _pick(
    possible: list[Operation], trait: Callable[[Operation], Any], rng: random.Random
) -> list[Operation]:
    """Those that share one of the values of a trait, each value being as probable as the others."""
    value = rng.choice(list(dict.fromkeys(map(trait, possible))))
    return [o for o in possible if trait(o) == value]


def _with_zero(possible: list[Operation], space: Space) -> Operation | None:
    """Of one function and form: the operation of one parent, if `zero` is its second."""
    by_number = {len(o.edges): o for o in possible}
    rule = space.by_name.get(possible[0].function)
    if rule and takes_zero(rule, possible[0].form) and 2 in by_number:
        return by_number.get(1)
    return None


DRAW = {UNIFORM: _draw_uniformly, BY_CHOICES: _draw_by_choices}
