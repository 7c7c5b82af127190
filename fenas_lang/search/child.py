"""The program of a worker process: load the task once, then train one cell after another.

Messages are pickles, from standard input and to standard output; a task finds its input empty, and
what it prints goes to standard error.  A worker and all that it started end when its input does, so
none outlives a search that was killed.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import sys
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.search.messages import Job, Ready, Refused, Setup
from fenas_lang.search.trial import Measured

NOT_FINITE, OUT_OF_MEMORY = "not finite", "out of memory"
TORCH_ALLOCATOR = "DefaultCPUAllocator"
"""What PyTorch names in its complaint about memory, which is no MemoryError."""


def open_task(setup: Setup) -> Any:
    """The task that a setup names.  Raises FenError."""
    return tasks.task(setup.task, setup.data, **setup.settings)


def load(setup: Setup) -> tuple[Any, Ready]:
    """The task, ready to train, and what the search needs to know of it.  Raises FenError."""
    task = open_task(setup)
    _limit_threads(setup.threads)
    return task, described(task)


def described(task: Any) -> Ready:
    """What the search needs to know of a task."""
    references: dict[str, float] = getattr(task, "reference_scores", dict)()
    return Ready(
        task.name,
        task.metric,
        task.higher_is_better,
        task.checksum,
        settings=vars(task.settings),
        references={str(name): float(score) for name, score in references.items()},
        epochs=task.steps // task.epoch if hasattr(task, "epoch") else None,
        trains=getattr(task, "trains", True),
    )


def train(task: Any, job: Job) -> Measured:
    """Train the job's cell; whatever happens is a measurement, or a failure with reason and log."""
    started, clock = time.time(), time.perf_counter()
    try:
        more = _looked_at(job) | _inherited(job)
        outcome = task.evaluate(job.cell, seed=job.seed, seconds=job.seconds, test=job.test, **more)
        measured = _measured(outcome)
    except MemoryError:
        measured = Measured(reason=OUT_OF_MEMORY, log=traceback.format_exc())
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        if isinstance(error, RuntimeError) and TORCH_ALLOCATOR in str(error):
            reason = OUT_OF_MEMORY
        measured = Measured(reason=reason, log=traceback.format_exc())
    return replace(
        measured,
        reason=storable(measured.reason),
        log=storable(measured.log),
        started=started,
        seconds=time.perf_counter() - clock,
        host=socket.gethostname(),
        process=os.getpid(),
    )


def _looked_at(job: Job) -> dict[str, Any]:
    """The schedule as an argument for a task, where there is one."""
    if not (job.rungs or job.patience):
        return {}
    from fenas_lang.tasks.schedule import Rung, Schedule

    return {"schedule": Schedule(tuple(Rung(*rung) for rung in job.rungs), job.patience)}


def _inherited(job: Job) -> dict[str, Any]:
    """The weights as an argument for a task, where they are passed on."""
    if job.kept is None:
        return {}
    from fenas_lang.tasks.weights import Weights

    parent = None if job.parent is None else Path(job.parent)
    return {"weights": Weights(parent, job.unchanged, Path(job.kept))}


FACTS = ("metrics", "parameters", "parts", "steps", "rungs", "inherited", "hardware")


def _measured(outcome: Any) -> Measured:
    facts = {name: getattr(outcome, name) for name in FACTS if getattr(outcome, name, None)}
    facts = json.loads(json.dumps(facts, default=_plain))
    if outcome.score is None:
        return Measured(reason=outcome.failure or "no score", log=outcome.log, facts=facts)
    score, metric = float(outcome.score), float(outcome.metric)
    if not abs(score) < float("inf"):
        return Measured(reason=NOT_FINITE, log=f"the metric is {metric}", facts=facts)
    return Measured(score, metric, facts=facts)


def _plain(value: Any) -> float | str:
    """A number of another library as ours, all else as text, for the pipe and the store."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def storable(text: str) -> str:
    """Without what databases refuse in a text: halves of surrogate pairs, and NUL."""
    return str(text).encode(errors="backslashreplace").decode().replace("\0", "\\0")


def main() -> None:
    """Serve jobs until standard input ends; whatever else ends a worker is printed.

    It leaves without the interpreter's farewell, which a thread that waits for input would spoil.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _serve() -> None:
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    messages: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders, messages), daemon=True).start()
    try:
        setup = messages.get()
        task, ready = load(setup)
        _send(answers, ready)
    except FenError as error:
        _send(answers, Refused(error.diagnostics))
        return
    limit_memory(setup.memory)
    while True:
        _send(answers, train(task, messages.get()))


def limit_memory(gigabytes: float | None) -> None:
    """From now on, more data (heap and private mappings) is refused; only Linux counts it all."""
    if gigabytes is None or sys.platform == "win32":
        return
    import resource

    most = int(gigabytes * 2**30)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _limit_threads(threads: int) -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)


def _listen(source: BinaryIO, messages: SimpleQueue[Any]) -> None:
    try:
        while True:
            messages.put(pickle.load(source))
    except (EOFError, pickle.UnpicklingError):
        if sys.platform != "win32" and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(0)


def _send(stream: BinaryIO, message: Any) -> None:
    pickle.dump(message, stream)
    stream.flush()


if __name__ == "__main__":
    main()
