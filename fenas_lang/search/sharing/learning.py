"""From an untrained supernet to candidates with scores.

The shared weights and the policy are trained before the first candidate is scored, so that all
scores of a run come of the same weights and can be compared.  That training goes in rounds, each a
pass over the data; everything random in a round follows from its number, and after each the state
is written, so that a killed run goes on with the round that it was in, to the same end.
"""

from __future__ import annotations

import os
import socket
import time
import traceback
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Any

import torch

from fenas_lang.engine.threads import torch_threads
from fenas_lang.rules import search as rules
from fenas_lang.search.child import NOT_FINITE, open_task, storable
from fenas_lang.search.messages import Setup
from fenas_lang.search.randomness import derived_seed, stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.sharing import checkpoint
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.surroundings import Surroundings
from fenas_lang.search.sharing.training import Supernet, over_and_over
from fenas_lang.search.trial import Measured
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.base import Task
from fenas_lang.tasks.outcome import reason_for

REPORTS = 10
"""So often the learning says how far it is."""


@dataclass
class Learning:
    """A supernet for a run's task and space, trained under a policy when it is first needed."""

    settings: Settings
    variation: Variation
    policy: Policy
    around: Surroundings
    _supernet: Supernet | None = field(default=None, init=False)

    def ready(self) -> Supernet:
        """The trained supernet.  Raises FenError, or KeyboardInterrupt where it is stopped."""
        if self._supernet is None:
            threads = torch_threads(self.settings.threads)
            with threads, torch.random.fork_rng(devices=[]):
                self._supernet = self._trained(opened(self.settings))
        return self._supernet

    def _trained(self, task: Task[Any]) -> Supernet:
        cell = self.variation.random(stream(self.settings.seed, 0, "sharing model")).cell
        supernet = Supernet(task, self.variation.space, cell, self.settings.seed)
        rounds = self.settings.sharing * -(-task.steps // task.one_pass().steps)
        for number in range(self._resumed(supernet), rounds):
            loss = self._round(supernet, number)
            state = {"round": number + 1, **supernet.state(), "policy": self.policy.state()}
            checkpoint.save(self.around.checkpoint, self.around.run, state)
            if (number + 1) * REPORTS // rounds > number * REPORTS // rounds:
                said = f"shared weights: {number + 1} of {rounds} rounds, training loss {loss:.4g}"
                self.around.say(said)
        return supernet

    def _resumed(self, supernet: Supernet) -> int:
        """How many rounds a checkpoint has."""
        state = checkpoint.load(self.around.checkpoint, self.around.run)
        if state is None:
            return 0
        supernet.load(state)
        self.policy.load(state["policy"])
        return int(state["round"])

    def _round(self, supernet: Supernet, number: int) -> float:
        """One pass over the training data; the median loss, as single children may be wild."""
        seed, task = self.settings.seed, supernet.task.one_pass()
        torch.manual_seed(derived_seed(seed, number, "sharing dropout"))
        rng = stream(seed, number, "sharing")
        losses = over_and_over(task, supernet.model, partial(_seed, seed, number, "data"))
        of_choices = partial(_seed, seed, number, "validation")
        validation = over_and_over(task.held_out(), supernet.model, of_choices)
        found = list[float]()
        for _ in range(task.steps):
            if self.around.stop():
                raise KeyboardInterrupt
            supernet.model.train()
            self.policy.choose(supernet, rng)
            found.append(supernet.step(losses))
            self.policy.learn(supernet, validation, rng)
        return median(found)

    def appraise(self, cell: Cell) -> Measured:
        """The score of a cell with the shared weights, or why it has none."""
        supernet = self.ready()
        started, clock = time.time(), time.perf_counter()
        try:
            metrics = supernet.measure(cell)
            metric = metrics[supernet.task.metric]
            facts = {"metrics": metrics, "parameters": supernet.parameters_of(cell)}
            measured = _scored(metric, supernet.task.higher_is_better, facts)
        except Exception as error:
            measured = _failed(error)
        return _signed(measured, started, time.perf_counter() - clock)


def _seed(seed: int, number: int, what: str, repeat: int) -> int:
    return derived_seed(seed, number, f"sharing {what} {repeat}")


def _scored(metric: float, higher_is_better: bool, facts: dict[str, Any]) -> Measured:
    if not abs(metric) < float("inf"):
        return Measured(reason=NOT_FINITE, log=f"the metric is {metric}", facts=facts)
    score = metric if higher_is_better else -metric
    return Measured(score, metric, facts={**facts, "shared_weights": True})


def _failed(error: Exception) -> Measured:
    return Measured(reason=reason_for(error), log=storable(traceback.format_exc()))


def _signed(measured: Measured, started: float, seconds: float) -> Measured:
    host, process = socket.gethostname(), os.getpid()
    return replace(measured, started=started, seconds=seconds, host=host, process=process)


def opened(settings: Settings) -> Task[Any]:
    """The run's task, in this process.  Raises FenError (FEN535 for one that shows no losses)."""
    setup = Setup(settings.task, dict(settings.task_settings), settings.data, settings.threads)
    task = open_task(setup)
    if not isinstance(task, Task):
        raise rules.NO_SHARING.error(task=settings.task, strategy=settings.strategy)
    return task
