"""Writing an ONNX graph node by node: unique names, constants, types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Array = NDArray[Any]
Dimension = int | str


class Writer:
    """The nodes of a graph in order of evaluation.

    A graph inside another (`outer`, the body of a Scan) has its own nodes; names and constants are
    those of the whole model, so that nothing is computed or stored twice.  Every value is a string,
    the name of what a node or a constant gives.
    """

    def __init__(self, dtype: np.dtype[Any], outer: Writer | None = None):
        self.dtype = dtype
        self.root: Writer = outer.root if outer else self
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._taken: set[str] = set()
        self._constants: dict[tuple[Any, ...], str] = {}

    def name(self, hint: str) -> str:
        """A name that nothing else in the model has; the hint itself where it is free."""
        taken = self.root._taken
        name, count = hint, 1
        while name in taken:
            count += 1
            name = f"{hint}_{count}"
        taken.add(name)
        return name

    def node(self, op: str, *inputs: str, hint: str | None = None, **attributes: Any) -> str:
        """The value of a new node with one output; `hint` is what to call it."""
        (output,) = self.outputs(op, inputs, [hint or op.lower()], **attributes)
        return output

    def outputs(
        self, op: str, inputs: Sequence[str], hints: Sequence[str], **attributes: Any
    ) -> list[str]:
        """The values of a new node with an output for each hint."""
        names = [self.name(hint) for hint in hints]
        self.write(op, inputs, names, **attributes)
        return names

    def write(
        self, op: str, inputs: Sequence[str], names: Sequence[str], **attributes: Any
    ) -> None:
        """A new node, whose outputs get names that are already their own."""
        self.nodes.append(helper.make_node(op, inputs, names, name=names[0], **attributes))

    def split(self, value: str, hints: Sequence[str], axis: int = -1) -> list[str]:
        """Equal parts of a value along an axis; one part is the value itself."""
        return [value] if len(hints) == 1 else self.outputs("Split", [value], hints, axis=axis)

    def concat(self, values: Sequence[str], axis: int = -1, hint: str = "concat") -> str:
        """Values side by side along an axis; one value is itself."""
        if len(values) == 1:
            return values[0]
        return self.node("Concat", *values, hint=hint, axis=axis)

    def constant(self, value: ArrayLike) -> str:
        """A constant of the layer's type."""
        with np.errstate(over="ignore"):
            return self._constant("constant", np.asarray(value).astype(self.dtype))

    def integers(self, *values: int) -> str:
        """A vector of integers: a shape, axes."""
        return self._constant("integers", np.array(values, dtype=np.int64))

    def index(self, value: int) -> str:
        """An integer that stands by itself."""
        return self._constant("index", np.array(value, dtype=np.int64))

    def _constant(self, hint: str, array: Array) -> str:
        constants = self.root._constants
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in constants:
            constants[key] = self.initializer(self.name(hint), array)
        return constants[key]

    def initializer(self, name: str, array: Array) -> str:
        """A tensor of the model, under a name that is already its own."""
        contiguous = np.ascontiguousarray(array).reshape(array.shape)
        self.root.initializers.append(numpy_helper.from_array(contiguous, name))
        return name

    def variable(self, name: str, *shape: Dimension) -> ValueInfoProto:
        """The declaration of an input or output; a dimension that may vary is a word."""
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        return helper.make_tensor_value_info(name, kind, shape)

    def graph(
        self, name: str, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]
    ) -> GraphProto:
        """The finished graph."""
        return helper.make_graph(self.nodes, name, inputs, outputs, self.initializers)
