"""What a run is told, in full: with its settings alone, a store can be resumed anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from fenas_lang import registry
from fenas_lang.rules import search as rules
from fenas_lang.search import mutation, strategy
from fenas_lang.search import proxy as proxies
from fenas_lang.search.variation import INITS, MUTANTS, RANDOM
from fenas_lang.spaces.sample import DRAW

if TYPE_CHECKING:
    from fenas_lang.search.store import Store

REDRAWS = 20
"""In a profile that caches: how often a candidate that is known or useless is drawn again."""
PATIENCE = 200
"""So many asks in a row without a cell to train end the run."""
HEAVIEST = 1e9
"""The greatest weight of a mutation: sums of weights stay finite."""


@dataclass(frozen=True)
class Profile:
    """`novelty`: known cells are not trained again, and useless ones not at all.

    `finals` of the best distinct cells are trained again, and the best mean is the result; with
    none, the result is the best cell ever seen.  `fixed_nodes`: a child has as many nodes as its
    parent.
    """

    novelty: bool
    finals: int
    fixed_nodes: bool


PROFILES = {
    "default": Profile(novelty=True, finals=5, fixed_nodes=False),
    "paper": Profile(novelty=False, finals=0, fixed_nodes=True),
}


@dataclass(frozen=True)
class Settings:
    """The defaults are those of the paper (Pasunuru & Bansal 2020, section 5).

    `seeds` and `space` are texts; a cell names the space by `header` (None: the default space), and
    the space's file was in `folder` (None: it comes with the package).
    `population` + `cycles` trials are counted; random cells have `nodes` nodes (None: as many as
    the space says), `output` (`last`, `loose`, `all`, `any`; None: the space's first) forms their
    first output, and `by` names the sampler.  `repeats` trainings each of the best cells, the
    seeds and `baselines` random cells end the run.  `limit` bounds a training in seconds.
    `fidelity` are the rungs of successive halving in epochs, where the best 1/`eta` go on;
    `patience` are epochs without a better score that end a training; with `inherit` children begin
    with their parents' weights; `proxy` chooses one of `candidates` cells for each trial.
    """

    task: str
    seeds: tuple[str, ...]
    space: str
    header: str | None = None
    folder: str | None = None
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    population: int = 100
    sample: int = 25
    cycles: int = 5000
    nodes: int | None = None
    output: str | None = None
    by: str = "uniform"
    seed: int = 0
    strategy: str = "aging"
    mutations: Mapping[str, float] = field(default_factory=lambda: {"operation": 1.0})
    init: str = RANDOM
    profile: str = "default"
    repeats: int = 3
    baselines: int = 0
    limit: float | None = None
    fidelity: tuple[int, ...] = ()
    eta: int = 3
    patience: int | None = None
    inherit: bool = False
    proxy: str | None = None
    candidates: int = 4
    workers: int = 1
    threads: int = 1

    @property
    def total(self) -> int:
        """Trials of the search."""
        return self.population + self.cycles

    @property
    def rules(self) -> Profile:
        """What the profile's name stands for."""
        return PROFILES[self.profile]

    def as_json(self) -> dict[str, Any]:
        """For the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From the store."""
        lists = {name: tuple(values[name]) for name in ("seeds", "fidelity") if name in values}
        return cls(**{**values, **lists})

    @classmethod
    def of(cls, store: Store) -> Self:
        """What the run of a store was told.  Raises FEN502 where the store does not say it."""
        try:
            return cls.from_json(store.meta()["settings"])
        except (KeyError, TypeError) as error:
            reason = f"its settings cannot be read ({type(error).__name__}: {error})"
            raise rules.NOT_A_STORE.error(path=store.location, reason=reason) from error

    def validate(self) -> None:
        """Raises FenError: FEN520 for unknown names, FEN522 for values that do not fit."""
        self._validate_numbers()
        _known("profile", self.profile, PROFILES)
        _known("first population", self.init, INITS)
        _known("sampler", self.by, DRAW)
        strategy.named(self.strategy)
        self._validate_trainings()
        for name, weight in self.mutations.items():
            fits = 0 < weight <= HEAVIEST
            expected = f"greater than 0, and at most {HEAVIEST:g}"
            _expect(fits, f"the weight of mutation `{name}`", weight, expected)
            keeps = mutation.keeps_nodes(name)
            allowed = keeps or not self.rules.fixed_nodes
            _expect(allowed, "a mutation", name, "one that keeps the number of nodes in `paper`")

    def _validate_trainings(self) -> None:
        rungs = self.fidelity
        rising = all(whole(r) for r in rungs) and list(rungs) == sorted({r for r in rungs if r > 0})
        shown = ",".join(map(str, rungs))
        _expect(rising, "fidelity", shown, "rising numbers of epochs, such as 1,3,9")
        if self.proxy is not None:
            proxies.check_name(self.proxy)
        if self.inherit:
            keeps = strategy.has_living(self.strategy)
            needs = "left out with a strategy that has no population"
            _expect(keeps, "inherit", f"on, with strategy {self.strategy}", needs)
            default = self.profile == "default"
            needs = "off: the paper trains every child from new weights"
            _expect(default, "inherit", f"on, in the profile {self.profile}", needs)

    def _validate_numbers(self) -> None:
        least = {"population": 1, "sample": 1, "cycles": 0, "workers": 1, "threads": 1}
        least |= {"repeats": 1, "baselines": 0, "eta": 2, "candidates": 2}
        least |= {"patience": 1} if self.patience is not None else {}
        for name, low in least.items():
            value = getattr(self, name)
            _expect(whole(value), name, value, "a whole number")
            _expect(value >= low, name, value, f"at least {low}")
        _expect(whole(self.seed), "seed", self.seed, "a whole number")
        seeds = len(self.seeds)
        room = self.population >= seeds
        _expect(room, "population", self.population, f"at least {seeds}, the number of seeds")
        _expect(bool(self.mutations), "the list of mutations", "empty", "at least one mutation")
        needs_seed = self.init == MUTANTS and not seeds
        _expect(not needs_seed, "the first population", MUTANTS, "`random` without seed cells")
        _expect(self.limit is None or self.limit > 0, "limit", self.limit, "greater than 0")


def whole(value: Any) -> bool:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def _expect(holds: bool, name: str, given: Any, expected: str) -> None:
    if not holds:
        raise rules.BAD_SETTING.error(name=name, given=given, expected=expected)


def _known(kind: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise rules.UNKNOWN_PLUGIN.error(
            kind=kind,
            name=name,
            known=", ".join(names),
            suggestion=registry.suggest(name, names),
        )
