"""An analysis as the JSON object of `fenasc analyze --format json`; fields are only ever added."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fenas_lang.analysis.gradients import GradientPaths
from fenas_lang.analysis.relations import Relation
from fenas_lang.ir.dependence import Entry
from fenas_lang.ir.interval import Bound, Interval
from fenas_lang.proof.references import Recognition

if TYPE_CHECKING:
    from fenas_lang.analysis.overview import Analysis


def document(analysis: Analysis) -> dict[str, Any]:
    """Everything in the analysis, as plain values."""
    dataflow, structure = analysis.dataflow, analysis.structure
    return {
        "version": 1,
        "name": analysis.name,
        "space": dataflow.space,
        "nodes": structure.nodes,
        "live_nodes": structure.live_nodes,
        "space_nodes": analysis.space_nodes,
        "skips": structure.skips,
        "weighted_edges": structure.weighted_edges,
        "elementwise_edges": structure.elementwise_edges,
        "plain_edges": structure.plain_edges,
        "parameters": asdict(analysis.parameters),
        "parameter_shapes": [
            {"name": p.name, "kind": p.kind, "shape": list(p.shape)}
            for p in analysis.parameter_shapes
        ],
        "flops": asdict(analysis.flops),
        "depth": structure.depth,
        "functions": dict(structure.functions),
        "output_rule": dataflow.output_rule,
        "dead": list(structure.dead),
        "loose_ends": list(structure.loose_ends),
        "articulation_nodes": list(structure.articulation_nodes),
        "forces_square": dataflow.forces_square,
        "square_edges": [
            {"node": node, "source": source} for node, source in analysis.square_edges
        ],
        **_behaviour(analysis),
        "gradient_paths": [_paths(paths) for paths in analysis.gradient_paths],
        "equations": {
            "sympy": [equation.sympy for equation in analysis.equations],
            "latex": [equation.latex for equation in analysis.equations],
        },
        **_identity(analysis),
    }


def _behaviour(analysis: Analysis) -> dict[str, Any]:
    recurrence = analysis.recurrence
    return {
        "uses_input": recurrence.uses_input,
        "uses_states": dict(recurrence.uses_states),
        "affine_in_state": recurrence.entry <= Entry.AFFINE,
        "entry": recurrence.entry.name.lower(),
        "states": [
            {
                "name": state.name,
                "output": state.output,
                "bounded": state.bounded,
                "any_state": _interval(state.any_state),
                "reachable": _interval(state.reachable),
                "growth": state.growth,
                "enters": {name: entry.name.lower() for name, entry in state.enters.items()},
            }
            for state in recurrence.states
        ],
        "ranges": {
            name: {
                "any_state": _interval(ranges.any_state),
                "reachable": _interval(ranges.reachable),
            }
            for name, ranges in recurrence.ranges.items()
        },
    }


def _paths(paths: GradientPaths) -> dict[str, Any]:
    carousel = None if paths.carousel is None else list(paths.carousel)
    return {**asdict(paths), "shortest": list(paths.shortest), "carousel": carousel}


def _identity(analysis: Analysis) -> dict[str, Any]:
    return {
        "normal_form": "complete" if analysis.normal_form else "too large",
        "vanishing": list(analysis.vanishing),
        "recognised": analysis.recognised and _recognition(analysis.recognised),
        "equivalents": list(analysis.equivalents),
        "relations": _relations(analysis.relations),
        "canonical_key": analysis.canonical_key,
        "ring_key": analysis.ring_key,
    }


def _relations(found: tuple[Relation, ...] | None) -> list[dict[str, Any]] | None:
    """Verdicts of the prover by the name of the shipped cell; null where it did not look."""
    if found is None:
        return None
    return [{"name": r.name, "kind": str(r.kind), "square": r.square} for r in found]


def _recognition(found: Recognition) -> dict[str, Any]:
    return {
        "name": found.name,
        "biases_merged": found.biases_merged,
        "correspondence": {
            name: {"symbol": slot.symbol, "tensors": list(slot.tensors), "block": slot.block}
            for name, slot in found.correspondence.items()
        },
        "ignored": list(found.ignored),
    }


def _interval(interval: Interval) -> dict[str, Any]:
    """Ends as numbers, null for infinite; the nearest doubles."""
    return {
        "low": _number(interval.low),
        "high": _number(interval.high),
        "low_open": interval.low_open or _number(interval.low) is None,
        "high_open": interval.high_open or _number(interval.high) is None,
    }


def _number(bound: Bound) -> float | None:
    return None if isinstance(bound, float) else float(bound)
