"""Writes a plan as the `prepare` method of an emitted layer: what is hoisted, and the step."""

from __future__ import annotations

from fractions import Fraction

from fenas_lang.emit import torch_layout as layout
from fenas_lang.emit.torch_names import Names
from fenas_lang.emit.torch_outline import Outline
from fenas_lang.emit.torch_rows import QUOTIENT, ROWS, Text, constant, divisor
from fenas_lang.ir.graph import Node
from fenas_lang.passes.mask_edges import mask_of, masked_source
from fenas_lang.plan.plan import Level, Product

METHOD, STEP = " " * 8, " " * 12
LONGEST_INLINE = 48


class Body:
    """The text of one `prepare` method.

    `row_masks` and `step_masks` name the sources that its plan masks, before the loop and in it.
    """

    def __init__(self, outline: Outline, method: str = "prepare"):
        self.outline = outline
        self.method = method
        self.row_masks: list[str] = []
        self.step_masks: list[str] = []
        self._names = Names()
        self._variables: dict[int, str] = {}
        self._inline: dict[int, Text] = {}
        self._vectors: dict[str, str] = {}
        self._prepare: list[str] = []
        self._step: list[str] = []
        self._size: str | None = None
        self._claim_own_names()
        self._write()

    def lines(self) -> list[str]:
        """The method, indented for its class."""
        masks = ", masks: Masks" if self.method != "prepare" else ""
        signature = f"self, {self._x}: Tensor, stack: Stack{masks}"
        prepared = self._prepared()
        states = [self._variables[k] for k in self._states]
        masked = [self._vectors[mask_of(source)] for source in self.step_masks]
        results = [self._variables[k] for k in self.outline.plan.graph.outputs]
        return [
            f"    def {self.method}({signature}) -> Prepared:",
            *self._prepare,
            *([""] if self._prepare else []),
            *layout.bracketed(METHOD, "def step(", [*prepared, *states, *masked], "):"),
            *self._step,
            *layout.returned(STEP, [*results, *masked]),
            "",
            *_returned(prepared),
        ]

    @property
    def _x(self) -> str:
        return self._variables[self._input]

    def _node(self, index: int) -> Node:
        return self.outline.nodes[index]

    def _claim_own_names(self) -> None:
        """The cell's names come first, so that no other takes them."""
        graph = self.outline.plan.graph
        leaves = {
            str(node.attribute): k
            for k, node in enumerate(graph.nodes)
            if node.op in ("input", "state")
        }
        self._input = leaves[graph.input]
        self._states = [leaves[name] for name in graph.states]
        own = [self._input, *self._states]
        for index in [*own, *sorted(self.outline.named.difference(own))]:
            self._variables[index] = self._names.claim(self.outline.labels[index])

    def _write(self) -> None:
        plan = self.outline.plan
        for index in self.outline.full_constants:
            self._full_constant(index)
        for level in plan.before:
            self._write_level(level, self._prepare, METHOD)
        for level in plan.loop:
            self._write_level(level, self._step, STEP)

    def _write_level(self, level: Level, lines: list[str], indent: str) -> None:
        for product in level.products:
            self._write_product(product, lines, indent)
        for index in self.outline.pointwise(level):
            self._write_pointwise(index, lines, indent)

    def _full_constant(self, index: int) -> None:
        name = self._variable(index)
        items = [f"(len({self._x}), self.hidden_size)", self._constant(index).text]
        self._prepare += layout.bracketed(METHOD, f"{name} = {self._x}.new_full(", items, ")")

    def _write_product(self, product: Product, lines: list[str], indent: str) -> None:
        source = self._variable(product.source)
        arguments = self._linear_arguments(product, source)
        pieces = self.outline.pieces(product)
        targets = [self._piece(source, piece) for piece in pieces]
        if len(pieces) == 1:
            self._write_linear(targets[0], product, arguments, lines, indent)
            return
        split = self._split(source, pieces)
        line = f"{indent}{', '.join(targets)} = F.linear({', '.join(arguments)}){split}"
        slab = product.source in self.outline.slabs
        if layout.fits(line) and not slab:
            lines.append(line)
            return
        whole = self._names.claim("sums" if slab else f"all_from_{source}")
        self._write_linear(whole, product, arguments, lines, indent)
        lines += layout.unpacked(indent, targets, f"{whole}{split}")

    def _split(self, source: str, pieces: list[tuple[int, ...]]) -> str:
        """The call that takes a fused product apart."""
        if all(len(piece) == 1 for piece in pieces):
            return f".chunk({len(pieces)}, dim=-1)"
        if self._size is None:
            self._size = self._names.claim("size")
            self._prepare.insert(0, f"{METHOD}{self._size} = self.hidden_size")
        sizes = [f"{len(p)} * {self._size}" if len(p) > 1 else self._size for p in pieces]
        listed = f"[{', '.join(sizes)}]"
        if len(listed) > LONGEST_INLINE:
            name = self._names.claim(f"{source}_sizes")
            self._prepare += layout.bracketed(METHOD, f"{name} = [", sizes, "]")
            listed = name
        return f".split({listed}, dim=-1)"

    def _write_linear(
        self, name: str, product: Product, arguments: list[str], lines: list[str], indent: str
    ) -> None:
        """`name = F.linear(…)`, added to what the product accumulates onto as a whole."""
        slab = self.outline.slabs.get(product.source)
        onto = f"{self._variables[slab[0]]} + " if slab else ""
        line = f"{indent}{name} = {onto}F.linear({', '.join(arguments)})"
        if layout.fits(line):
            lines.append(line)
            return
        lines += layout.bracketed(indent, f"{name} = F.linear(", arguments, ")")
        if onto:
            lines.append(f"{indent}{name} = {onto}{name}")

    def _linear_arguments(self, product: Product, source: str) -> list[str]:
        """The source, and the variables with the stacked weights and biases of its edges."""
        weights = [str(self._node(c.linear).attribute) for c in product.columns]
        biases = [
            str(self._node(c.base).attribute)
            if c.base is not None and self._node(c.base).op == "param"
            else None
            for c in product.columns
        ]
        arguments = [source, self._stack(f"{source}_weight", weights)]
        if any(biases):
            arguments.append(self._stack(f"{source}_bias", biases))
        return arguments

    def _stack(self, wanted: str, parameters: list[str] | list[str | None]) -> str:
        name = self._names.claim(wanted)
        items = layout.quoted(parameters)
        self._prepare += layout.bracketed(METHOD, f"{name} = stack(", items, ")")
        return name

    def _piece(self, source: str, piece: tuple[int, ...]) -> str:
        if len(piece) == 1:
            return self._variable(piece[0])
        name = self._names.claim(f"from_{source}")
        self._variables.update(dict.fromkeys(piece, name))
        return name

    def _variable(self, index: int) -> str:
        """The variable of a node, named when first asked for."""
        if index not in self._variables:
            wanted = self.outline.suggestion(index, self._variables)
            self._variables[index] = self._names.claim(wanted)
        return self._variables[index]

    def _write_pointwise(self, index: int, lines: list[str], indent: str) -> None:
        value = self._expression(index)
        if index not in self.outline.assigned and len(value.text) <= LONGEST_INLINE:
            self._inline[index] = value
            return
        name = self._variable(index)
        if not layout.fits(f"{indent}{name} = {value.text}"):
            for operand in self.outline.operands(index):
                self._write_inline(operand, lines, indent)
            value = self._expression(index)
        lines.append(f"{indent}{name} = {value.text}")

    def _write_inline(self, index: int, lines: list[str], indent: str) -> None:
        """Give an operand that stands inline a statement of its own."""
        text = self._inline.pop(index, None)
        if text is not None:
            lines.append(f"{indent}{self._variable(index)} = {text.text}")

    def _expression(self, index: int) -> Text:
        node = self._node(index)
        operands = [self._operand(k, index) for k in self.outline.operands(index)]
        if index in self.outline.functions:
            return self.outline.functions[index][0].fill(*operands)
        if node.op == "elementwise_weight":
            operands = [Text(self._vector(str(node.attribute), index)), *operands]
        if node.op == "mul" and not self.outline.reads_constants_only(index):
            for k, factor in enumerate(node.operands):
                number = divisor(self._node(factor).attribute)
                if number is not None:
                    return QUOTIENT.fill(operands[1 - k], number)
        return ROWS[node.op].fill(*operands)

    def _operand(self, index: int, reader: int) -> Text:
        """A value as its reader writes it."""
        node = self._node(index)
        if node.op == "const" and not self.outline.reads_constants_only(reader):
            return self._constant(index)
        if node.op == "param":
            return Text(self._vector(str(node.attribute), reader))
        return self._inline.get(index) or Text(self._variables[index])

    def _constant(self, index: int) -> Text:
        value = self._node(index).attribute
        assert isinstance(value, Fraction)
        return constant(value)

    def _vector(self, parameter: str, reader: int) -> str:
        """The variable with a parameter, or mask, that elementwise work reads."""
        if parameter not in self._vectors:
            source = masked_source(parameter)
            wanted = f"{source}_mask" if source else parameter.replace(".", "_")
            name = self._vectors[parameter] = self._names.claim(wanted)
            if source is None:
                self._prepare.append(f'{METHOD}{name} = stack("{parameter}")')
            elif self.outline.is_hoisted(reader):
                self._prepare.append(f'{METHOD}{name} = masks["{source}"]')
                self.row_masks.append(source)
            else:
                self.step_masks.append(source)
        return self._vectors[parameter]

    def _prepared(self) -> list[str]:
        """The variables that the step is given, in the order of computation."""
        plan = self.outline.plan
        constants = [k for k in self.outline.full_constants if k in plan.graph.outputs]
        handed = (self._variables[k] for k in (*constants, *plan.handed))
        return list(dict.fromkeys(handed))


def _returned(prepared: list[str]) -> list[str]:
    line = f"{METHOD}return {layout.tuple_display(prepared)}, step"
    if layout.fits(line):
        return [line]
    return [
        *layout.bracketed(METHOD, "prepared = (", prepared, ")"),
        f"{METHOD}return prepared, step",
    ]
