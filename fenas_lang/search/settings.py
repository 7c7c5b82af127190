"""What a run is told, in full: with its settings alone, a store can be resumed anywhere."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from fenas_lang import registry
from fenas_lang.rules import search as rules
from fenas_lang.search import mutation, strategy
from fenas_lang.search import proxy as proxies
from fenas_lang.search.variation import INITS, MUTANTS, MUTATOR, RANDOM
from fenas_lang.spaces.sample import DRAW

if TYPE_CHECKING:
    from fenas_lang.search.store import Store

REDRAWS = 20
"""In a profile that caches: how often a candidate that is known or useless is drawn again."""
PATIENCE = 200
"""So many asks in a row without a cell to train end the run."""
OBJECTIVES = (strategy.SCORE, "parameters", "flops")
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
    seeds and `baselines` random cells end the run.  `limit` bounds a training in seconds, `memory`
    a worker in GB; `ray` is the address of the cluster that trains (None: processes here do).
    `objectives` are wanted at once (empty: what the strategy wants); costs are those of cells of
    size `hidden`, which the task says.  `mutator` is the command line of an outside program, the
    mutation of that name, and `mutator_limit` bounds each of its answers in seconds.
    Strategies that share weights train them as long as `sharing` cells.
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
    memory: float | None = None
    ray: str | None = None
    sharing: int = 10
    objectives: tuple[str, ...] = ()
    hidden: int = 300
    mutator: str = ""
    mutator_limit: float = 60.0

    @property
    def wanted(self) -> tuple[str, ...]:
        """The objectives of the run."""
        return self.objectives or strategy.objectives(self.strategy)

    @property
    def total(self) -> int:
        """Trials of the search."""
        return self.population + self.cycles

    @property
    def rules(self) -> Profile:
        """What the profile's name stands for."""
        return PROFILES[self.profile]

    @property
    def finals(self) -> int:
        """So many of the best are trained again; at least one where scores are of shared weights,
        since no other training of them is there."""
        shares = getattr(strategy.named(self.strategy), "shares", False)
        return max(self.rules.finals, 1 if shares else 0)

    def as_json(self) -> dict[str, Any]:
        """For the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From the store."""
        told = {"objectives": (), "fidelity": (), **values}
        lists = ("seeds", "objectives", "fidelity")
        return cls(**told | {name: tuple(told[name]) for name in lists})

    @classmethod
    def of(cls, store: Store) -> Self:
        """What the run of a store was told.  Raises FEN502 where the store does not say it."""
        try:
            return cls.from_json(store.meta()["settings"])
        except (KeyError, TypeError) as error:
            from fenas_lang.search.server import shown

            reason = f"its settings cannot be read ({type(error).__name__}: {error})"
            raise rules.NOT_A_STORE.error(path=shown(store.location), reason=reason) from error

    def validate(self) -> None:
        """Raises FenError: FEN520 for unknown names, FEN522 for values that do not fit."""
        self._validate_numbers()
        _known("profile", self.profile, PROFILES)
        _known("first population", self.init, INITS)
        _known("sampler", self.by, DRAW)
        strategy.named(self.strategy)
        self._validate_objectives()
        self._validate_mutator()
        self._validate_trainings()
        for name, weight in self.mutations.items():
            # The outside program is no file of the folder, and what it returns is checked.
            if name != MUTATOR:
                self._validate_mutation(name)
            fits = 0 < weight <= HEAVIEST
            expected = f"greater than 0, and at most {HEAVIEST:g}"
            _expect(fits, f"the weight of mutation `{name}`", weight, expected)

    def _validate_mutation(self, name: str) -> None:
        keeps = mutation.keeps_nodes(name)
        allowed = keeps or not self.rules.fixed_nodes
        _expect(allowed, "a mutation", name, "one that keeps the number of nodes in `paper`")

    def _validate_mutator(self) -> None:
        named = MUTATOR in self.mutations
        _expect(not named or bool(self.mutator), "the mutator", "missing", "a command")
        if not self.mutator:
            return
        told = ", ".join(self.mutations)
        _expect(named, "the list of mutations", told, "one that says `mutator`, to use it")
        makes = strategy.mutates(self.strategy)
        expected = f"left out, since the strategy `{self.strategy}` makes no mutants"
        _expect(makes, "the mutator", self.mutator, expected)
        words = _words(self.mutator)
        runs = bool(words) and shutil.which(words[0]) is not None
        _expect(runs, "the mutator", self.mutator, "a command that can be run from here")
        _expect(self.mutator_limit > 0, "mutator_limit", self.mutator_limit, "greater than 0")

    def _validate_objectives(self) -> None:
        if not self.objectives:
            return
        shown, several = ", ".join(self.objectives), len(strategy.objectives(self.strategy)) > 1
        one = f"left out, since the strategy `{self.strategy}` knows only the score"
        _expect(several, "the list of objectives", shown, one)
        for name in self.objectives:
            _known("objective", name, OBJECTIVES)
        distinct = len(self.objectives) == len(set(self.objectives)) > 1
        fits = distinct and strategy.SCORE in self.objectives
        _expect(fits, "the list of objectives", shown, "score and at least one other, each once")

    def _validate_trainings(self) -> None:
        rungs = self.fidelity
        rising = all(whole(r) for r in rungs) and list(rungs) == sorted({r for r in rungs if r > 0})
        shown = ",".join(map(str, rungs))
        _expect(rising, "fidelity", shown, "rising numbers of epochs, such as 1,3,9")
        if self.proxy is not None:
            proxies.check_name(self.proxy)
        if self.inherit:
            breeds = strategy.breeds(self.strategy)
            needs = "left out with a strategy that breeds no children"
            _expect(breeds, "inherit", f"on, with strategy {self.strategy}", needs)
            default = self.profile == "default"
            needs = "off: the paper trains every child from new weights"
            _expect(default, "inherit", f"on, in the profile {self.profile}", needs)

    def _validate_numbers(self) -> None:
        least = {"population": 1, "sample": 1, "cycles": 0, "workers": 1, "threads": 1}
        least |= {"repeats": 1, "baselines": 0, "sharing": 1, "eta": 2, "candidates": 2}
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
        _expect(self.memory is None or self.memory > 0, "memory", self.memory, "greater than 0")


def _words(command: str) -> list[str]:
    """A command line's words; none where it is not closed."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


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
