"""Counter-based randomness: every draw follows from (seed, trial number, purpose).

No generator lives longer than one decision, so a run that was killed needs no saved state to go on
as if nothing had happened.
"""

from __future__ import annotations

import random
from hashlib import sha256


def _digest(seed: int, number: int, purpose: str) -> int:
    return int.from_bytes(sha256(f"{seed}/{number}/{purpose}".encode()).digest(), "big")


def stream(seed: int, number: int, purpose: str) -> random.Random:
    """The generator of one decision of one trial."""
    return random.Random(_digest(seed, number, purpose))


def derived_seed(seed: int, number: int, purpose: str) -> int:
    """A seed for another program's generator, `0 <= seed < 2**31`."""
    return _digest(seed, number, purpose) % 2**31
