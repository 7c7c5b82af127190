"""Certificates: a proved claim about two cells as JSON, and the checker of such claims.

The checker shares the normal form and its laws with the prover, and nothing of its search: it puts
the given values into one cell and compares, recomputes an invariant, and evaluates a witness.  What
it finds equal by normal form it also evaluates, from the graphs alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fenas_lang.check.loader import loads
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.dimension import Dimension, dimension, parameter_count
from fenas_lang.proof.evaluation import agree
from fenas_lang.proof.invariants import changed, invariants
from fenas_lang.proof.laws import LAWS, laws_named
from fenas_lang.proof.refutation import MARGIN, SIZE, Witness, gap_at
from fenas_lang.proof.substitution import Substitution, read_value
from fenas_lang.proof.verdicts import Finding, Kind
from fenas_lang.proof.verification import Laws, becomes
from fenas_lang.rules.proof import (
    DOES_NOT_HOLD,
    NOT_A_CERTIFICATE,
    NOTHING_PROVED,
    OTHER_VERSION,
)
from fenas_lang.source import SourceFile
from fenas_lang.spaces.reader import read_space

VERSION = 1
Document = dict[str, Any]

NEEDS: Mapping[str, tuple[str, ...]] = {
    Kind.IDENTICAL: (),
    Kind.EQUAL: ("values", "back"),
    Kind.REPARAMETRISED: ("values", "back"),
    Kind.SAME_FAMILY: ("values", "back"),
    Kind.CONTAINS: ("values",),
    Kind.CONTAINED_IN: ("back",),
}
"""Which values each positive verdict rests on: A's in terms of B's, B's in terms of A's."""


def certificate(
    finding: Finding,
    a: str,
    b: str,
    laws: Sequence[str] | None = None,
    spaces: Mapping[str, str] | None = None,
) -> Document:
    """The certificate of a finding about two cells, given as source.

    `laws` are those to check it with, all if not given; `spaces` the texts of spaces that do not
    come with the program, by "a" and "b".  Raises FenError (FEN603).
    """
    if finding.kind == Kind.UNKNOWN:
        raise NOTHING_PROVED.error(kind=finding.kind)
    document: Document = {"version": VERSION, "verdict": str(finding.kind), "a": a, "b": b}
    if spaces:
        document["spaces"] = dict(spaces)
    if finding.kind == Kind.DIFFERENT:
        return {**document, "refuted": _refuted(finding)}
    given = {"values": finding.values, "back": finding.back}
    for name in NEEDS[finding.kind]:
        document[name] = _values(given[name] or {})
    if laws is not None and NEEDS[finding.kind]:
        document["laws"] = list(laws)
    return {**document, "square": finding.square}


def _values(values: Substitution) -> Document:
    return {name: value.as_json() for name, value in values.items()}


def _refuted(finding: Finding) -> list[Document]:
    """One entry for each direction that is refuted; none where the numbers of states differ."""
    directions = {"a in b": finding.not_in, "b in a": finding.not_holding}
    return [
        {
            "claim": claim,
            "invariant": refutation.violated.as_json(),
            "witness": refutation.witness.as_json(),
        }
        for claim, refutation in directions.items()
        if refutation is not None
    ]


def verify(document: Any) -> Kind:
    """The verdict that a certificate proves.

    Raises FenError: FEN600 where it is none, FEN601 for another version, FEN602 where it does not
    hold.
    """
    if not isinstance(document, dict) or "version" not in document:
        raise NOT_A_CERTIFICATE.error(problem="it is no JSON object with a version")
    if document["version"] != VERSION or isinstance(document["version"], bool):
        raise OTHER_VERSION.error(found=_shown(document["version"]), expected=VERSION)
    try:
        kind = Kind(document["verdict"])
        problem = _problem(document, kind)
    except FenError as error:
        problem = f"a cell in it does not check ({error.diagnostics[0].message})"
    except OutOfBudget:
        problem = "it is too large to check"
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise NOT_A_CERTIFICATE.error(problem=f"a part is missing or malformed ({error})") from None
    if problem:
        raise DOES_NOT_HOLD.error(problem=problem)
    return kind


def _shown(value: Any) -> str:
    text = repr(value)
    return (text if len(text) <= 40 else text[:37] + "...").replace("{", "(").replace("}", ")")


def _problem(document: Document, kind: Kind) -> str:
    """Why a certificate does not hold; empty where it does."""
    flows = [_flow(document, name) for name in ("a", "b")]
    if kind == Kind.IDENTICAL:
        same = canonical_key(flows[0]) == canonical_key(flows[1])
        return "" if same else "the canonical keys differ"
    a, b = (expand(flow) for flow in flows)
    if kind == Kind.DIFFERENT:
        return _problem_of_refutations(document["refuted"], a, b)
    if kind not in NEEDS:
        return f"{kind} proves nothing"
    square = document["square"] is True
    laws = laws_named(document["laws"]) if "laws" in document else LAWS
    given = {name: _read(document[name]) for name in NEEDS[kind]}
    if "values" in given and not _holds(a, b, given["values"], square, laws):
        return "A does not become B under these values"
    if "back" in given and not _holds(b, a, given["back"], square, laws):
        return "B does not become A under these values"
    return _problem_of_kind(kind, given, square)


def _holds(general: Graph, special: Graph, values: Substitution, square: bool, laws: Laws) -> bool:
    """By normal form, and in numbers."""
    same_sizes = square or forces_square(general) or forces_square(special)
    return becomes(general, special, values, square, laws) and agree(
        general, special, values, same_sizes
    )


def _flow(document: Document, name: str) -> Dataflow:
    """One of the two cells, in the space that the certificate brings along for it, if it does."""
    text, spaces = str(document[name]), document.get("spaces", {})
    space = read_space(SourceFile(str(spaces[name]))) if name in spaces else None
    return lower(loads(text, space=space), space)


def _problem_of_kind(kind: Kind, given: Mapping[str, Substitution], square: bool) -> str:
    """Whether a change of parameters is as simple as a verdict says."""
    if kind not in (Kind.EQUAL, Kind.REPARAMETRISED):
        return ""
    if square:
        return "the shapes of parameters differ"
    factors = set()
    for values in given.values():
        singles = [value.single for value in values.values() if value.terms]
        if None in singles or len({pair[1] for pair in singles if pair}) < len(singles):
            return "the change of parameters is no bijection"
        factors |= {pair[0] for pair in singles if pair}
    if 0 in factors or (kind == Kind.EQUAL and factors - {1}):
        return "the change of parameters is no renaming"
    return ""


def _read(document: Any) -> Substitution:
    return {name: read_value(value) for name, value in document.items()}


def _problem_of_refutations(refuted: Any, a: Graph, b: Graph) -> str:
    if len(a.states) != len(b.states):
        return ""
    if not refuted:
        return "nothing is refuted in it"
    for entry in refuted:
        violating, holding = {"a in b": (a, b), "b in a": (b, a)}[entry["claim"]]
        problem = _problem_of_refutation(entry, violating, holding)
        if problem:
            return problem
    return ""


def _problem_of_refutation(entry: Any, violating: Graph, holding: Graph) -> str:
    wanted = entry["invariant"]
    zero = tuple(wanted.get("zero", ()))
    if not set(zero) <= set(range(1 + len(holding.states))):
        raise ValueError("leaves that are no leaves")
    if wanted["kind"] == Dimension.kind:
        return _problem_of_dimension(entry, zero, violating, holding)
    witness = _witness(entry["witness"], violating, (SIZE, SIZE))
    held = next((i for i in invariants(holding, zero) if i.as_json() == wanted), None)
    if held is None:
        return "its invariant is not known to hold"
    gap = gap_at(violating, held, witness)
    return "" if gap > MARGIN else "its witness does not violate the invariant"


def _problem_of_dimension(
    entry: Any, zero: tuple[int, ...], violating: Graph, holding: Graph
) -> str:
    columns, rows = map(int, entry["invariant"]["sizes"])
    if min(columns, rows) < 1:
        raise ValueError("sizes that are none")
    if columns != rows and (forces_square(violating) or forces_square(holding)):
        return "D is not H in it"
    witness = _witness(entry["witness"], violating, (columns, rows))
    count = parameter_count(holding, (columns, rows), zero)
    if entry["invariant"]["count"] != count:
        return "its number of parameters is another"
    point = changed(witness.point, zero, np.zeros_like)
    enough = dimension(violating, point, witness.parameters) > count
    return "" if enough else "the rank is no greater than the number of parameters"


def _witness(document: Any, graph: Graph, sizes: tuple[int, int]) -> Witness:
    """The numbers of a witness; raises ValueError where they have the wrong shapes."""
    x = np.array(document["x"], dtype=float)
    states = tuple(np.array(state, dtype=float) for state in document["states"])
    parameters = {n: np.array(v, dtype=float) for n, v in document["parameters"].items()}
    shapes = {p.name: p.sizes(*sizes) for p in graph.parameters}
    wanted = [(len(x), sizes[0]), *((len(x), sizes[1]) for _ in graph.states)]
    if {n: v.shape for n, v in parameters.items()} != shapes or wanted != [
        value.shape for value in (x, *states)
    ]:
        raise ValueError("shapes of the witness")
    return Witness(x, states, parameters)


__all__ = ["certificate", "verify"]
