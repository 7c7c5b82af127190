"""How long a new cell takes until the kernel can run it: there is no compiler run."""

from __future__ import annotations

import random
import statistics
import time

from fenas_lang.bench.result import Row
from fenas_lang.bench.settings import Settings
from fenas_lang.engine.native import NativeCell
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

SPACE, NODES, CELLS = "fenas", 9, 200
WARM_UP = 5


def measure(settings: Settings) -> Row:
    """Milliseconds from a flat cell to the tables of all its programs, over random cells."""
    rng, space = random.Random(settings.seed), load_space(SPACE)
    flows = [lower(sample(space, rng=rng, nodes=NODES)) for _ in range(CELLS + WARM_UP)]
    taken = [_milliseconds(flow) for flow in flows][WARM_UP:]
    median, last = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    text = (
        f"a new cell is planned and programmed in {median:.2f} ms (median of {CELLS} cells of"
        f" {NODES} nodes from `{SPACE}`; 99 % within {last:.2f} ms), with nothing compiled"
    )
    return Row("plan", text, {"milliseconds": median, "milliseconds_99": last})


def _milliseconds(flow: Dataflow) -> float:
    begun = time.perf_counter()
    cell = NativeCell(expand(flow))
    _ = cell.inference, cell.training, cell.backwards
    return 1000 * (time.perf_counter() - begun)
