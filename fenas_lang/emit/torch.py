"""The cell as one readable Python file that needs only torch: a layer in the manner of `nn.GRU`."""

from __future__ import annotations

from dataclasses import dataclass

from fenas_lang.emit import torch_layout as layout
from fenas_lang.emit.stages import Stages
from fenas_lang.emit.torch_body import Body
from fenas_lang.emit.torch_docstring import docstring, source_attribute
from fenas_lang.emit.torch_names import class_name, frame_text
from fenas_lang.emit.torch_outline import Outline
from fenas_lang.emit.torch_square import unweighted_use
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.passes.mask_edges import mask_edges
from fenas_lang.plan.schedule import make_plan
from fenas_lang.syntax.ast import Cell

FRAME = "RecurrentLayer"


@dataclass(frozen=True)
class LayerClass:
    """A layer's class as Python source, and the names of the masks that its second method takes."""

    name: str
    text: str
    row_masks: tuple[str, ...] = ()
    step_masks: tuple[str, ...] = ()


def emit(stages: Stages) -> str:
    """The module: documentation, the frame that all cells share, the cell, a shape check."""
    layer = layer_class(stages.cell, stages.dataflow, stages.graph, source=True)
    parts = [
        docstring(stages.cell),
        frame_text(),
        f"\n{layer.text}",
        f"\n{_shape_check(stages.dataflow, layer.name)}",
    ]
    return "\n\n".join(parts)


def layer_class(
    cell: Cell,
    dataflow: Dataflow,
    graph: Graph,
    base: str = FRAME,
    masked: frozenset[str] = frozenset(),
    source: bool = False,
) -> LayerClass:
    """The cell's class alone, with a `base` that has the frame's methods.

    With `masked`, the kinds of sources that variational dropout masks, it also has a method
    `prepare_masked` that takes the masks; with `source` the cell's own text.
    """
    name = class_name(cell.name)
    written = frozenset(node.name for node in cell.nodes)
    lines = layout.bracketed("", f"class {name}(", [base], "):")
    lines += [f'    """The cell {dataflow.name} over a sequence."""', ""]
    lines += [*(source_attribute(cell) if source else []), *_attributes(dataflow)]
    lines += Body(Outline(make_plan(graph), written)).lines()
    if not masked:
        return LayerClass(name, "\n".join(lines))
    plan = make_plan(mask_edges(graph, masked))
    body = Body(Outline(plan, written), "prepare_masked")
    lines += ["", *body.lines()]
    return LayerClass(name, "\n".join(lines), tuple(body.row_masks), tuple(body.step_masks))


def _attributes(dataflow: Dataflow) -> list[str]:
    shapes = [f'        "{p.name}": "{"".join(p.shape)}",' for p in dataflow.parameters]
    head = "    edge_shapes: ClassVar[dict[str, str]] = {"
    names = layout.quoted(dataflow.states)
    close = ",)" if len(names) == 1 else ")"
    lines = [head, *shapes, "    }"] if shapes else [head + "}"]
    lines += layout.bracketed("    ", "state_names = (", names, close)
    if dataflow.forces_square:
        lines.append(f'    unweighted = "{unweighted_use(dataflow)}"')
    return [*lines, ""]


def _shape_check(dataflow: Dataflow, name: str) -> str:
    input_size = 16 if dataflow.forces_square else 10
    several = len(dataflow.states) > 1
    result = "output, states" if several else "output, state"
    shapes = "[tuple(state.shape) for state in states]" if several else "tuple(state.shape)"
    sizes = [f"input_size={input_size}", "hidden_size=16"]
    construction = "\n".join(layout.bracketed("    ", f"layer = {name}(", sizes, ")"))
    return f"""\
if __name__ == "__main__":
{construction}
    x = torch.randn(5, 3, {input_size})
    {result} = layer(x)
    assert output.shape == (5, 3, 16)
    print(layer)
    print("input", tuple(x.shape), "output", tuple(output.shape))
    print("{result.split()[1]}", {shapes})
"""
