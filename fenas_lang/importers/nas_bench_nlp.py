"""Recipes of NAS-Bench-NLP: JSON, of each node its operation and what it reads.

`{"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input":
["f"]}}`, or an object that holds this as `recipe`, as the published table has it.
Source: fmsnew/nas-bench-nlp-release, custom_rnn.py (Klyuchnikov et al. 2022).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from fenas_lang.functions import RESERVED
from fenas_lang.registry import suggest
from fenas_lang.rules.importers import FIXED_OUTPUT, INPUTS, NOT_A_RECIPE, OPERATION
from fenas_lang.syntax.ast import Cell, Expr, Name, Node, Parameter, binary, call, weighted

INPUT, OLD_STATE, NEW_STATE = "x", "h_prev_", "h_new_"
GOOD_NAME = re.compile(r"[A-Za-z](_?[A-Za-z0-9]){0,60}")
LARGEST = 4096


@dataclass(frozen=True)
class _Operation:
    """How many values it reads, and what it is called here."""

    least: int
    most: int | None
    function: str


OPERATIONS = {
    "linear": _Operation(1, None, "identity"),
    "activation_tanh": _Operation(1, 1, "tanh"),
    "activation_sigm": _Operation(1, 1, "sigmoid"),
    "activation_leaky_relu": _Operation(1, 1, "leaky_relu"),
    "elementwise_sum": _Operation(2, 2, "+"),
    "elementwise_prod": _Operation(2, 2, "*"),
    "blend": _Operation(3, 3, "blend"),
}

Recipe = Mapping[str, tuple[str, Sequence[str]]]


def from_recipe(recipe: Any, name: str = "Recipe") -> Cell:
    """The cell of a recipe, given as text or as what `json.loads` makes of it.

    Nodes keep their names where .fen allows these.  Raises FenError (FEN311-313).
    """
    nodes = _nodes(_parsed(recipe) if isinstance(recipe, str) else recipe)
    states = _states(nodes)
    for node, (operation, inputs) in nodes.items():
        _check_node(node, operation, inputs, {INPUT, *states, *nodes})
    names = _names(nodes, states)
    body = [
        Node(names[n], _value(OPERATIONS[nodes[n][0]].function, [names[i] for i in nodes[n][1]]))
        for n in _in_order(nodes)
    ]
    outputs = tuple(Parameter(names[f"{NEW_STATE}{k}"]) for k in range(len(states)))
    header = tuple(Parameter(n) for n in (INPUT, *states))
    return Cell(name, "nas_bench_nlp", header, outputs, True, tuple(body))


def read(text: str, name: str, output: str | None) -> Cell:
    if output is not None:
        raise FIXED_OUTPUT.error(form="nas_bench_nlp", output=output)
    return from_recipe(text, name)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NOT_A_RECIPE.error(problem=f"this is no JSON: {error}") from None


def _nodes(recipe: Any) -> Recipe:
    """The nodes of a well-formed recipe."""
    found = recipe.get("recipe", recipe) if isinstance(recipe, Mapping) else recipe
    if not isinstance(found, Mapping) or not found:
        raise NOT_A_RECIPE.error(problem="a recipe is an object with at least one node")
    if len(found) > LARGEST:
        raise NOT_A_RECIPE.error(problem=f"a recipe has at most {LARGEST} nodes")
    for name, node in found.items():
        operation, inputs = (
            (node.get("op"), node.get("input")) if isinstance(node, Mapping) else (None, None)
        )
        names = isinstance(inputs, list | tuple) and all(isinstance(i, str) for i in inputs)
        if not isinstance(operation, str) or not names:
            raise NOT_A_RECIPE.error(problem=f"node {_shown(name)} has no `op` and `input` list")
    return {name: (node["op"], node["input"]) for name, node in found.items()}


def _states(nodes: Recipe) -> list[str]:
    """The old states, as many as there are new ones."""
    new = {n for n in nodes if n.startswith(NEW_STATE) and n[len(NEW_STATE) :].isdecimal()}
    if not new or new != {f"{NEW_STATE}{k}" for k in range(len(new))}:
        raise NOT_A_RECIPE.error(problem="new states are the nodes h_new_0, h_new_1, and so on")
    return [f"{OLD_STATE}{k}" for k in range(len(new))]


def _check_node(node: str, operation: str, inputs: Sequence[str], known: set[str]) -> None:
    if operation not in OPERATIONS:
        raise OPERATION.error(
            node=_shown(node),
            found=_shown(operation),
            operations=", ".join(OPERATIONS),
            suggestion=suggest(operation, OPERATIONS),
        )
    least, most = OPERATIONS[operation].least, OPERATIONS[operation].most
    if not least <= len(inputs) <= (most or len(inputs)):
        problem = f"gives {operation} {len(inputs)} inputs, and it takes {least}"
        raise INPUTS.error(node=_shown(node), problem=problem + ("" if most else " or more"))
    for name in inputs:
        if name not in known:
            raise INPUTS.error(
                node=_shown(node), problem=f"reads {_shown(name)}, which is not there"
            )


def _in_order(nodes: Recipe) -> list[str]:
    """The nodes, each after those that it reads."""
    sorter = TopologicalSorter(
        {n: [i for i in reads if i in nodes] for n, (_, reads) in nodes.items()}
    )
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise INPUTS.error(node=_shown(error.args[1][0]), problem="reads itself") from None


def _names(nodes: Recipe, states: Sequence[str]) -> dict[str, str]:
    """What each value is called in the cell."""
    names = {name: name for name in (INPUT, *states)}
    kept = {n for n in nodes if GOOD_NAME.fullmatch(n) and n not in RESERVED and n not in names}
    number = 0
    for node in nodes:
        if node in kept:
            names[node] = node
            continue
        while (fresh := f"n{number}") in kept or fresh in names:
            number += 1
        names[node] = fresh
        number += 1
    return names


def _value(function: str, inputs: Sequence[str]) -> Expr:
    read = tuple(Name(name) for name in inputs)
    if function in ("+", "*"):
        return binary(function, read[0], read[1])
    weighs = function == "identity"
    return call(function, tuple(weighted(name) for name in read) if weighs else read)


def _shown(name: str) -> str:
    return f"`{name if len(name) <= 40 else name[:37] + '...'}`"
