"""Findings in words."""

from __future__ import annotations

from fenas_lang.ir.graph import Graph
from fenas_lang.proof.refutation import Refutation
from fenas_lang.proof.verdicts import Finding, Kind

Named = tuple[str, Graph]

_PATTERNS = {
    Kind.IDENTICAL: "{a} and {b} are the same graph, up to names and order",
    Kind.EQUAL: "{a} is {b}, under a renaming of parameters",
    Kind.REPARAMETRISED: "{a} is {b}, after signs or factors of parameters are changed",
    Kind.SAME_FAMILY: "{a} and {b} can be each other, by a choice of parameters",
    Kind.CONTAINS: "{a} contains {b}: it becomes {b} by a choice of parameters",
    Kind.CONTAINED_IN: "{a} is contained in {b}: that becomes {a} by a choice of parameters",
}


def sentence(finding: Finding, a: Named, b: Named) -> str:
    """The verdict and what it says about cells with these names."""
    return f"{finding.kind}: {_claim(finding, a, b)}"


def _claim(finding: Finding, a: Named, b: Named) -> str:
    if finding.kind == Kind.UNKNOWN:
        return f"nothing is proved about {a[0]} and {b[0]} ({finding.obstacle})"
    if finding.kind == Kind.DIFFERENT:
        return "; ".join(refusals(finding, a, b))
    text = _PATTERNS[finding.kind].format(a=a[0], b=b[0])
    if finding.square:
        text += ", where D = H"
    strict = {Kind.CONTAINS: (finding.not_in, a, b), Kind.CONTAINED_IN: (finding.not_holding, b, a)}
    refutation, inner, outer = strict.get(finding.kind, (None, a, b))
    return f"{text}; not the other way: {_why(refutation, inner, outer)}" if refutation else text


def refusals(finding: Finding, a: Named, b: Named) -> list[str]:
    """Why the cells are different, one sentence a direction."""
    if len(a[1].states) != len(b[1].states):
        counts = f"{len(a[1].states)} and {len(b[1].states)}"
        return [f"{a[0]} and {b[0]} are not equal: {counts} states"]
    directions = ((finding.not_in, a, b), (finding.not_holding, b, a))
    return [
        f"{inner[0]} is not contained in {outer[0]}: {_why(refutation, inner, outer)}"
        for refutation, inner, outer in directions
        if refutation
    ]


def _why(refutation: Refutation, inner: Named, outer: Named) -> str:
    if refutation.violated.kind == "parameters":
        count = refutation.violated.in_words(outer[1]).split(" ", 1)[1]
        return (
            f"{outer[0]} {count}, and {inner[0]} is a family of"
            f" {round(refutation.gap) + getattr(refutation.violated, 'count', 0)} dimensions"
        )
    held = refutation.violated.in_words(outer[1])
    return f"in {outer[0]} always {held}, in {inner[0]} not"
