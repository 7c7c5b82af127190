"""The step backwards: reverse-mode differentiation of a plan's loop, again as a plan.

No cell has a derivative of its own: every adjoint comes from the derivative column of
`primitives.py`.  What the step backwards reads and gives is said by role (`Role`).  Products run
with transposed matrices.  The gradient of a matrix is no part of the step: it is one product over
the rows of all time steps, of the adjoints of an edge with the values of its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.passes.mask_edges import masked_source
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.schedule import make_plan
from fenas_lang.primitives import PRIMITIVES, Attribute, Term

TRANSPOSED = " transposed"
GATE = "gate"
"""`gate(a, b)` is a where b > 0, else 0 whatever a is: the adjoint of a relu, as torch has it."""

CHEAP = frozenset({"add", "sub", "mul", "neg", "relu", "step", "elementwise_weight"})

VALUE, OUTPUT, STATE, HANDED, EDGE, PARAMETER = (
    "value",
    "output",
    "state",
    "handed",
    "edge",
    "param",
)


@dataclass(frozen=True, slots=True)
class Role:
    """What a leaf or a result of the step backwards is, of which node or parameter of the step.

    A leaf is a `value` of the forward step, the gradient of the `output`, or the gradient of a
    `state` after the step (`of` counts states).  A result is the gradient of a `state` before the
    step, of a `handed` value, of an `edge` (by its `linear` node), or of a parameter, a row each.
    """

    kind: str
    of: int | str = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.of}"


@dataclass(frozen=True)
class Reverse:
    """The step backwards.

    `leaves` are the roles of `plan.graph`'s states by name, `results` those of its outputs.
    `saved` are the nodes of the forward loop whose values it needs from then: it recomputes what is
    cheap to get from those, and from handed values, parameters and states.
    """

    plan: Plan
    leaves: dict[str, Role]
    results: tuple[Role, ...]
    saved: tuple[int, ...]


def reverse(plan: Plan) -> Reverse:
    """The step backwards of a plan's loop."""
    needed = _Derivation(plan, frozenset()).needed()
    recomputed = _recomputed(plan, needed)
    derivation = _Derivation(plan, recomputed)
    loop = set(_loop(plan))
    sources = {plan.graph.nodes[k].operands[0] for k in loop if plan.graph.nodes[k].op == "linear"}
    saved = (derivation.needed() | sources) & loop
    return Reverse(*derivation.finished(), tuple(sorted(saved)))


def _constant(node: Node) -> bool:
    """Whether nobody asks for its gradient: a number, or a mask of dropout."""
    return node.op == "const" or (
        node.op == "param" and masked_source(str(node.attribute)) is not None
    )


def _loop(plan: Plan) -> list[int]:
    return sorted(index for level in plan.loop for index in level.computed)


def _recomputed(plan: Plan, needed: set[int]) -> frozenset[int]:
    """Values that cost less to compute again than to keep: all they are made of is at hand."""
    nodes = plan.graph.nodes
    loop = set(_loop(plan))
    at_hand = {k for k in needed if k not in loop or nodes[k].op not in CHEAP}
    at_hand |= {k for k, node in enumerate(nodes) if node.op in ("param", "const", "state")}
    at_hand |= {*plan.handed, *plan.graph.outputs}
    again = set()
    for index in sorted(needed - at_hand):
        if all(operand in at_hand for operand in nodes[index].operands):
            again.add(index)
        at_hand.add(index)
    return frozenset(again)


class _Derivation:
    """Builds the graph of the step backwards; equal nodes are made once.

    A value of the forward step is referred to as `~index`, so that the derivative of a sigmoid
    finds the sigmoid that is there.
    """

    def __init__(self, plan: Plan, recomputed: frozenset[int]):
        self.forward = plan.graph
        self.known = {node: k for k, node in enumerate(plan.graph.nodes)}
        self.recomputed = recomputed
        self.nodes: list[Node] = []
        self.made: dict[Node, int] = {}
        self.leaves: dict[str, Role] = {}
        self.values: dict[int, int] = {}
        self.results: dict[Role, int] = {}
        self.adjoints: dict[int, int] = {}
        self._derive(plan)

    def needed(self) -> set[int]:
        """The values of the forward step that the results depend on."""
        live = self._live()
        return {k for k, node in self.values.items() if node in live and k not in self.recomputed}

    def finished(self) -> tuple[Plan, dict[str, Role], tuple[Role, ...]]:
        live = sorted(self._live())
        moved = {index: place for place, index in enumerate(live)}
        nodes = (self.nodes[k] for k in live)
        graph = Graph(
            tuple(Node(n.op, tuple(moved[o] for o in n.operands), n.attribute) for n in nodes),
            tuple(moved[k] for k in self.results.values()),
            "",
            tuple(self.leaves),
            (),
            tuple(self._names(moved)),
            f"{self.forward.name} backwards",
        )
        return make_plan(graph), self.leaves, tuple(self.results)

    def _names(self, moved: dict[int, int]) -> Iterator[tuple[str, int]]:
        for role, name in ((Role(OUTPUT), "d output"), *self._next_states()):
            index = self.made.get(Node("state", (), str(role)))
            if index in moved:
                yield name, moved[index]
        for name, index in self.forward.values:
            if index in self.values and self.values[index] in moved:
                yield name, moved[self.values[index]]
            if index in self.adjoints and self.adjoints[index] in moved:
                yield f"d {name}", moved[self.adjoints[index]]

    def _next_states(self) -> Iterator[tuple[Role, str]]:
        for k, name in enumerate(self.forward.states):
            yield Role(STATE, k), f"d next {name}"

    def _live(self) -> set[int]:
        live: set[int] = set()
        stack = list(self.results.values())
        while stack:
            index = stack.pop()
            if index not in live:
                live.add(index)
                stack.extend(self.nodes[index].operands)
        return live

    def _derive(self, plan: Plan) -> None:
        graph = plan.graph
        for k, output in enumerate(graph.outputs):
            self._give(output, self._leaf(Role(STATE, k)))
            if k == 0:
                self._give(output, self._leaf(Role(OUTPUT)))
        for index in reversed(_loop(plan)):
            if index in self.adjoints:
                self._pass_on(index, self.adjoints[index])
        zero = self._make("const", (), Fraction(0))
        for k in range(len(graph.states)):
            self.results[Role(STATE, k)] = zero
        for index, node in enumerate(graph.nodes):
            role = self._result(plan, index, node)
            if role is not None:
                self.results[role] = self.adjoints.get(index, zero)

    def _result(self, plan: Plan, index: int, node: Node) -> Role | None:
        if node.op == "state":
            return Role(STATE, self.forward.states.index(str(node.attribute)))
        if index in plan.handed:
            return Role(HANDED, index)
        if node.op == "param" and index in self.adjoints:
            return Role(PARAMETER, str(node.attribute))
        return None

    def _pass_on(self, index: int, adjoint: int) -> None:
        node = self.forward.nodes[index]
        if node.op == "linear":
            self.results[Role(EDGE, index)] = adjoint
            name = f"{node.attribute}{TRANSPOSED}"
            self._give(node.operands[0], self._make("linear", (adjoint,), name))
        elif node.op == "elementwise_weight":
            weight = self._make("param", (), node.attribute)
            self._give(node.operands[0], self._make("mul", (adjoint, weight)))
            change = self._make("mul", (adjoint, self._value(node.operands[0])))
            role = Role(PARAMETER, str(node.attribute))
            old = self.results.get(role)
            self.results[role] = change if old is None else self._make("add", (old, change))
        else:
            self._pass_on_elementwise(node, adjoint)

    def _pass_on_elementwise(self, node: Node, adjoint: int) -> None:
        derivative = PRIMITIVES[node.op].derivative
        assert derivative is not None
        arguments = [Term("value", (), str(operand)) for operand in node.operands]
        for operand, partial in zip(node.operands, derivative(*arguments), strict=True):
            if not _constant(self.forward.nodes[operand]):
                factor = self._plain(self._term(partial))
                self._give(operand, self._make("mul", (adjoint, factor)))

    def _give(self, index: int, change: int) -> None:
        if self.nodes[change] == Node("const", (), Fraction(0)):
            return
        old = self.adjoints.get(index)
        self.adjoints[index] = change if old is None else self._make("add", (old, change))

    def _term(self, term: Term) -> int:
        if term.op == "value":
            return ~int(str(term.attribute))
        parts = [self._term(operand) for operand in term.operands]
        if parts and all(part < 0 for part in parts):
            there = self.known.get(Node(term.op, tuple(~part for part in parts), term.attribute))
            if there is not None:
                return ~there
        return self._make(term.op, tuple(map(self._plain, parts)), term.attribute)

    def _plain(self, reference: int) -> int:
        return reference if reference >= 0 else self._value(~reference)

    def _value(self, index: int) -> int:
        if index not in self.values:
            node = self.forward.nodes[index]
            if node.op in ("param", "const"):
                self.values[index] = self._make(node.op, (), node.attribute)
            elif index in self.recomputed:
                operands = tuple(map(self._value, node.operands))
                self.values[index] = self._make(node.op, operands, node.attribute)
            else:
                self.values[index] = self._leaf(Role(VALUE, index))
        return self.values[index]

    def _leaf(self, role: Role) -> int:
        self.leaves[str(role)] = role
        return self._make("state", (), str(role))

    def _make(self, op: str, operands: tuple[int, ...], attribute: Attribute = None) -> int:
        simpler = self._simplified(op, operands)
        if simpler is not None:
            return simpler
        node = self._gated(op, operands) or Node(op, operands, attribute)
        if node not in self.made:
            self.made[node] = len(self.nodes)
            self.nodes.append(node)
        return self.made[node]

    def _gated(self, op: str, operands: tuple[int, ...]) -> Node | None:
        """What a product with a step is, but that nothing times NaN or infinity is nothing."""
        if op == "mul":
            for factor, other in (operands, operands[::-1]):
                if self.nodes[factor].op == "step":
                    return Node(GATE, (other, *self.nodes[factor].operands))
        return None

    def _simplified(self, op: str, operands: tuple[int, ...]) -> int | None:
        """Products with 1, 0 and -1, which the derivatives of sums and of steps bring in."""
        if op == "neg":
            value = self._constant(operands[0])
            return None if value is None else self._make("const", (), -value)
        if op != "mul":
            return None
        for factor, other in (operands, operands[::-1]):
            value = self._constant(factor)
            if value == 0:
                return factor
            if value == 1:
                return other
            if value == -1:
                return self._make("neg", (other,))
        return None

    def _constant(self, index: int) -> Fraction | None:
        node = self.nodes[index]
        return node.attribute if isinstance(node.attribute, Fraction) else None
