"""`bench`: every cell at every shape, the engine and its peers in the same rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

from fenas_lang import registry
from fenas_lang.bench import engine
from fenas_lang.bench.agreement import Agreement
from fenas_lang.bench.flops import large_product, matching_product, product_operations
from fenas_lang.bench.machine import machine
from fenas_lang.bench.problem import Candidate, Problem, Unavailable, pose
from fenas_lang.bench.result import ENGINE, LeftOut, Peak, Result, Row, Timing
from fenas_lang.bench.runner import measure
from fenas_lang.bench.settings import Settings
from fenas_lang.bench.shapes import Shape
from fenas_lang.bench.statistics import spread
from fenas_lang.bench.subjects import Subject
from fenas_lang.engine.threads import torch_threads
from fenas_lang.rules.bench import NO_PEER_RUNS, UNKNOWN_PEER

PEERS, ROWS = "fenas_lang.bench.peers", "fenas_lang.bench.rows"
USUAL = ("lstm", "gru", "torch", "eager")
"""Peers where none are named: torch's own layer only where the cell is one."""
LARGE, MATCHING = "large product", "matching product"

Watcher = Callable[[str], None]


def bench(
    cells: Sequence[Subject],
    shapes: Sequence[Shape],
    settings: Settings,
    peers: Sequence[str] | None = None,
    rows: Sequence[str] = (),
    watch: Watcher = lambda text: None,
) -> Result:
    """Time the engine and its peers.

    `peers` are files of `bench/peers`, `rows` of `bench/rows`; `watch` is told what goes on.
    Raises FenError for an unknown name (FEN290), where a cell has no layer of a shape (FEN201), and
    where none of the peers named runs here (FEN292).
    """
    modules = {name: _module(PEERS, name, "peer") for name in (USUAL if peers is None else peers)}
    measured = {name: _module(ROWS, name, "row") for name in rows}
    run = _Run(settings, modules, peers is None, watch)
    pairs = [(subject, shape) for subject in cells for shape in shapes]
    with torch_threads(settings.threads):
        for number, (subject, shape) in enumerate(pairs, 1):
            watch(f"{number}/{len(pairs)}  {subject.name} at {shape.name}")
            run.compare(subject, shape)
        for name, module in measured.items():
            watch(f"row {name}")
            run.rows.append(module.measure(settings))
    if peers and cells:
        run.check_peers()
    return run.result()


class _Run:
    def __init__(
        self,
        settings: Settings,
        peers: dict[str, ModuleType],
        usual: bool,
        watch: Watcher,
    ):
        self.settings, self.peers, self.usual, self.watch = settings, peers, usual, watch
        self.timings: list[Timing] = []
        self.peaks: list[Peak] = []
        self.rows: list[Row] = []
        self.left_out: list[LeftOut] = []

    def result(self) -> Result:
        left_out = tuple(dict.fromkeys(self.left_out))
        measured = tuple(self.timings), tuple(self.peaks), tuple(self.rows)
        return Result(self.settings, machine(), *measured, left_out)

    def check_peers(self) -> None:
        """Raise FenError (FEN292) where there was nothing to compare with."""
        alone = all(timing.candidate == ENGINE for timing in self.timings)
        if alone and not any(left.wrong for left in self.left_out):
            reasons = dict.fromkeys(f"{left.candidate}: {left.reason}" for left in self.left_out)
            raise NO_PEER_RUNS.error(reasons="; ".join(reasons))

    def compare(self, subject: Subject, shape: Shape) -> None:
        """Time all candidates for a cell at a shape that compute the same."""
        problem = pose(subject.cell, shape, self.settings)
        agreement = Agreement(problem)
        if not agreement.finite:
            self._leave_out(problem, ENGINE, "the cell's values are not finite at this shape")
            return
        candidates = {c.name: c for c in self._candidates(problem) if self._agrees(agreement, c)}
        if ENGINE in candidates:
            self._time(subject, problem, candidates)

    def _candidates(self, problem: Problem) -> Iterator[Candidate]:
        yield engine.candidate(problem)
        for name, module in self.peers.items():
            try:
                made: Candidate = module.candidate(problem)
            except Unavailable as reason:
                self.left_out.append(LeftOut(name, str(reason)))
                self.watch(f"  without {name}: {reason}")
                continue
            if made.seconds >= 1:
                self.watch(f"  {name} compiled in {made.seconds:.1f} s")
            if made.same or not self.usual:
                yield made

    def _agrees(self, agreement: Agreement, candidate: Candidate) -> bool:
        problem = agreement.problem_of(candidate) if candidate.same else ""
        if problem:
            self._leave_out(agreement.problem, candidate.name, problem, wrong=True)
        return not problem

    def _leave_out(self, problem: Problem, name: str, reason: str, wrong: bool = False) -> None:
        cell, shape = problem.cell.name, problem.shape.name
        self.left_out.append(LeftOut(name, reason, cell, shape, wrong))
        self.watch(f"  without {name}: {reason}")

    def _time(self, subject: Subject, problem: Problem, candidates: dict[str, Candidate]) -> None:
        large, large_operations = large_product(problem)
        matching, matching_operations = matching_product(problem)
        tasks: dict[tuple[str, str], Callable[[], object]] = {
            (step, candidate.name): task
            for step in self.settings.steps
            for candidate in candidates.values()
            if (task := candidate.run(step)) is not None
        }
        tasks |= {(LARGE, ""): large, (MATCHING, ""): matching}
        taken = measure(tasks, self.settings.runs, self.settings.clock, self.settings.seed)
        peak = tuple(large_operations / seconds for seconds in taken.pop((LARGE, "")))
        alike = tuple(matching_operations / seconds for seconds in taken.pop((MATCHING, "")))
        self.peaks.append(Peak(subject.name, problem.shape, spread(peak), spread(alike)))
        for (step, name), seconds in taken.items():
            candidate = candidates[name]
            self.timings.append(
                Timing(
                    subject.name,
                    subject.group,
                    problem.shape,
                    step,
                    name,
                    seconds,
                    taken[step, ENGINE],
                    peak,
                    product_operations(problem, step),
                    candidate.same,
                    candidate.seconds,
                    candidate.note,
                )
            )


def _module(package: str, name: str, kind: str) -> ModuleType:
    try:
        return registry.load(package, name, kind)
    except registry.Unknown as unknown:
        raise UNKNOWN_PEER.error(
            kind=kind,
            name=name,
            known=", ".join(unknown.candidates),
            suggestion=unknown.suggestion,
        ) from None
