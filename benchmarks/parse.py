"""Nine-node cells parsed and checked a second; the target is 400.

python benchmarks/parse.py [CELLS]
"""

from __future__ import annotations

import random
import statistics
import sys
import time

from fenas_lang.check.check import check_text
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

ROUNDS = 5


def main(count: int = 400) -> None:
    """Print the median rate of several rounds."""
    rng = random.Random(0)
    texts = [str(sample(load_space("fenas"), rng=rng, nodes=9)) for _ in range(count)]
    check_text(texts[0])
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for text in texts:
            check_text(text)
        rates.append(count / (time.perf_counter() - start))
    rate = statistics.median(rates)
    print(f"parse and check: {rate:,.0f} nine-node cells/s (median of {ROUNDS})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
