"""What a store of many trials costs: ask and tell, resuming, status, memory.

    python benchmarks/store.py [TRIALS] [URL]

A store is filled with TRIALS (200,000 unless given) that are copies, under keys of their own, of
those of a real beginning of a run; then that run is resumed as `fenasc resume` does, and goes on
for some trials, each committed by itself.  No cell is trained: what is measured is all that a trial
costs beside its training.  URL is a store to use in place of a new
file, which must be empty.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fenas_lang.search.messages import Job
from fenas_lang.search.phase import SearchPhase
from fenas_lang.search.schema import TRIALS, trial_row
from fenas_lang.search.seeds import read_seeds
from fenas_lang.search.settings import Settings
from fenas_lang.search.status import status
from fenas_lang.search.store import Store
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import Measured, Trial
from fenas_lang.spaces.reader import load_space

REAL, MEASURED, BATCH = 500, 300, 1000


def settings(trials: int) -> Settings:
    """An aging evolution of LSTM and GRU that has so many trials and some more."""
    seeds = read_seeds(["LSTM", "GRU"], None)
    space = load_space("fenas")
    assert space.source is not None
    return Settings(
        task="digits",
        seeds=tuple(str(cell) for cell in seeds.cells),
        space=space.source.text,
        header=seeds.header,
        nodes=9,
        output="last",
        cycles=trials + MEASURED,
    )


def measured(number: int) -> Measured:
    """A score, and the facts of a training on `digits`."""
    score = 0.5 + (number * 7919 % 1000) / 2500
    facts = {"metrics": {"accuracy": score}, "parameters": 12345, "steps": 300}
    return Measured(score, score, facts=facts, started=1.7e9, seconds=3.0, host="host", process=1)


def ask_and_tell(phase: SearchPhase, store: Store) -> tuple[float, float]:
    """One trial, in milliseconds: processor time of the question and of telling, and writing it."""
    begun = time.process_time()
    step = phase.next()
    assert step is not None
    entry = phase.ended(step, measured(step.number)) if isinstance(step, Job) else step
    busy = time.process_time() - begun
    begun = time.perf_counter()
    store.add(entry.trial, entry.rejections)
    written = time.perf_counter() - begun
    begun = time.process_time()
    if entry.trial is not None:
        phase.tell(entry.trial)
    return 1000 * (busy + time.process_time() - begun), 1000 * written


def copies(real: list[Trial], trials: int) -> Iterator[Trial]:
    """Trials up to this number, under names and keys of their own."""
    for number in range(len(real), trials):
        model = real[100 + number % (len(real) - 100)]
        key = f"{model.key}{number:08x}"
        parents = (number - 1 - number % 90,)
        source = model.source.replace(model.name, f"LSTM_{number}", 1)
        yield replace(
            model,
            number=number,
            key=key,
            parents=parents,
            source=source,
            measured=measured(number),
            copy_of=None,
            outcome="scored",
        )


def memory() -> float:
    """Most that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def show(title: str, times: list[tuple[float, float]]) -> None:
    """Medians and tails of times in milliseconds."""
    for what, values in zip(("ask and tell", "write"), zip(*times, strict=True), strict=True):
        last = statistics.quantiles(values, n=100)[98]
        middle = statistics.median(values)
        print(f"{title}: {what} {middle:.2f} ms (median), 99 % within {last:.2f} ms")


def fill(place: str, told: Settings, trials: int) -> None:
    """A real beginning, then copies."""
    meta = {"settings": told.as_json(), "task": {"metric": "accuracy"}}
    phase = SearchPhase(told, variation_of(told))
    with Store.create(place, meta) as store:
        show(f"first {REAL} trials", [ask_and_tell(phase, store) for _ in range(REAL)])
        batch = store.trials()
        begun = time.perf_counter()
        with store._transaction() as connection:
            rows = map(trial_row, copies(batch, trials))
            while group := list(itertools.islice(rows, BATCH)):
                connection.execute(TRIALS.insert(), group)
        print(f"filled to {trials} trials in {time.perf_counter() - begun:.0f} s")


def main(trials: int = 200_000, place: str | None = None) -> None:
    """Fill, resume, go on."""
    told = settings(trials)
    with tempfile.TemporaryDirectory() as folder:
        place = place or str(Path(folder) / "run.db")
        fill(place, told, trials)
        with Store.open(place, write=True) as store:
            before, begun, busy = memory(), time.perf_counter(), time.process_time()
            phase = SearchPhase(told, variation_of(told))
            for trial in store.recalled("search"):
                phase.tell(trial)
            spent, busy = time.perf_counter() - begun, time.process_time() - busy
            print(f"resumed in {spent:.2f} s, {busy:.2f} s of them on the processor")
            resumed = memory()
            show(f"after {trials} trials", [ask_and_tell(phase, store) for _ in range(MEASURED)])
            grown = (resumed - before) * 2**20 / trials
            each = f"{grown:.0f} bytes a trial"
            print(
                f"memory {before:.0f} MB, resumed {resumed:.0f} MB ({each}), now {memory():.0f} MB"
            )

        look(place)


def look(place: str) -> None:
    """What `fenasc status` takes."""
    before, begun = memory(), time.perf_counter()
    found = status(place)
    spent = time.perf_counter() - begun
    print(f"status of {found.trials} trials in {spent:.2f} s, {memory() - before:.0f} MB more")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, str), sys.argv[1:], strict=False)))
