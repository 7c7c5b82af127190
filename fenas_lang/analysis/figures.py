"""The few figures of a cell that a table of many shows; no search for what it equals."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fenas_lang.analysis.cost import parameter_count
from fenas_lang.analysis.structure import structure
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell


def figures(cell: Cell, input_size: int = 300, hidden_size: int = 300) -> dict[str, Any]:
    """Fields of the JSON object of `fenasc analyze`, and how many states the cell has."""
    dataflow = lower(cell)
    counts = structure(dataflow)
    return {
        "version": 1,
        "name": cell.name,
        "space": dataflow.space,
        "states": len(dataflow.states),
        "nodes": counts.nodes,
        "skips": counts.skips,
        "weighted_edges": counts.weighted_edges,
        "plain_edges": counts.plain_edges,
        "depth": counts.depth,
        "parameters": asdict(parameter_count(dataflow, input_size, hidden_size)),
        "summary": cell.documentation.split("\n", 1)[0],
    }
