"""What the prover says about two cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fenas_lang.ir.graph import Graph
from fenas_lang.proof.refutation import Refutation
from fenas_lang.proof.substitution import Substitution


class Kind(StrEnum):
    """The verdicts, strongest first."""

    IDENTICAL = "Identical"
    EQUAL = "Equal"
    REPARAMETRISED = "Reparametrised"
    SAME_FAMILY = "SameFamily"
    CONTAINS = "Contains"
    CONTAINED_IN = "ContainedIn"
    DIFFERENT = "Different"
    UNKNOWN = "Unknown"


PROVED = frozenset({Kind.IDENTICAL, Kind.EQUAL, Kind.REPARAMETRISED, Kind.SAME_FAMILY})
CONTAINMENT = frozenset({Kind.CONTAINS, Kind.CONTAINED_IN})


@dataclass(frozen=True)
class Finding:
    """How two graphs, A and B, are related.

    `values` are A's parameters in terms of B's under which A is B; `back` B's in terms of A's.
    `not_in` says why A is not contained in B, `not_holding` why B is not contained in A.  `square`
    where D = H is assumed.  `obstacle` says what stopped the search.
    """

    kind: Kind
    values: Substitution | None = None
    back: Substitution | None = None
    not_in: Refutation | None = None
    not_holding: Refutation | None = None
    square: bool = False
    ignored: tuple[str, ...] = ()
    obstacle: str = ""
    graphs: tuple[Graph, Graph] | None = field(default=None, repr=False, compare=False)

    @property
    def correspondence(self) -> Mapping[str, str]:
        """The parameters of A in terms of B's, as text; of B in terms of A's for ContainedIn."""
        given = self.back if self.kind == Kind.CONTAINED_IN else self.values
        return {
            name: str(value) for name, value in (given or {}).items() if name not in self.ignored
        }
