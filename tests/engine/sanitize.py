"""`make sanitize`: the kernel built with sanitizers, run by random layers until time is up.

Torch allocates each tensor by itself and to the byte, and the sanitizer replaces the allocator, so
every tensor has guard zones on both sides.  What a layer gives is judged as in the tests, with
poisoned memory, so that reads within a tensor that should not be are seen too.

    python tests/engine/sanitize.py [SECONDS of each sanitizer]
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
MODULE = "fenas_lang.engine._kernel"
SECONDS = 60.0
FIRST_SEED = 1_000_000
"""Other trials than those of the tests."""
FOUND = 66
"""The exit status of a process in which a sanitizer has found something."""
SUPPRESSIONS = Path(__file__).with_name("torch.supp")


@dataclass(frozen=True)
class Sanitizer:
    """Flags of the compiler, the runtime to load first, its options, and whose threads to use."""

    name: str
    flags: str
    runtime: str
    options: dict[str, str]
    own_threads: bool


SANITIZERS = (
    Sanitizer(
        "addresses and undefined behaviour",
        "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g",
        "libasan.so",
        {
            "ASAN_OPTIONS": f"detect_leaks=0:exitcode={FOUND}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={FOUND}",
        },
        own_threads=False,
    ),
    Sanitizer(
        "threads",
        "-fsanitize=thread -fno-omit-frame-pointer -g",
        "libtsan.so",
        {"TSAN_OPTIONS": f"halt_on_error=1:exitcode={FOUND}:suppressions={SUPPRESSIONS}"},
        own_threads=True,
    ),
)
"""OpenMP is not built for the second, so there the kernel starts threads itself."""


def main(seconds: float) -> int:
    """Every sanitizer that is here; 0 where none finds anything."""
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    if compiler is None:
        print("skipped: no compiler")
        return 0
    return max(_sanitize(one, compiler, seconds) for one in SANITIZERS)


def _sanitize(sanitizer: Sanitizer, compiler: str, seconds: float) -> int:
    print(f"{sanitizer.name}:", flush=True)
    asked = [compiler, f"-print-file-name={sanitizer.runtime}"]
    runtime = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(runtime).is_absolute():
        print(f"    skipped: {compiler} has no {sanitizer.runtime}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        kernel = _build(sanitizer, compiler, folder)
        environment = {**os.environ, **sanitizer.options, "LD_PRELOAD": runtime}
        environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        run = [sys.executable, "-W", "ignore", __file__, str(kernel), str(seconds)]
        if sanitizer.own_threads:
            run.append("own threads")
        elif not _notices(run, environment):
            print("    a read behind the end of a tensor is not noticed")
            return 1
        return subprocess.run(run, env=environment, cwd=ROOT, check=False).returncode


def _build(sanitizer: Sanitizer, compiler: str, folder: str) -> Path:
    """The kernel as the package builds it, and with the sanitizer's flags."""
    flags = {"CC": compiler, "CFLAGS": sanitizer.flags, "LDFLAGS": sanitizer.flags}
    build = [sys.executable, "setup.py", "-q", "build_ext", "-f", "-b", folder, "-t", folder]
    subprocess.run(build, env={**os.environ, **flags}, cwd=ROOT, check=True)
    (found,) = Path(folder).glob("fenas_lang/engine/_kernel*.so")
    return found


def _notices(run: list[str], environment: dict[str, str]) -> bool:
    """Whether a program that reads one element too many is stopped."""
    tried = subprocess.run(
        [*run, "fault"], env=environment, cwd=ROOT, capture_output=True, check=False
    )
    return tried.returncode == FOUND and b"AddressSanitizer" in tried.stderr


# ---- In the process with the sanitizer ---------------------------------------------------------


def fuzz(kernel: str, seconds: float, *how: str) -> None:
    """Judges random layers, with two threads in every other one."""
    module = ModuleType(MODULE)
    module.__spec__ = ModuleSpec(MODULE, None, origin=kernel)
    sys.modules[MODULE] = module
    sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]
    from judging import judge

    from fenas_lang.engine import kernel as loaded

    if loaded.shared_object() is None:
        sys.exit("the kernel with sanitizers does not load")
    if "fault" in how:
        _fault()
    with ExitStack() as patched:
        if "own threads" in how:
            patched.enter_context(patch.object(loaded, "_parallel", lambda: (None, None)))
        found = Counter(judge(trial) for trial in _trials(time.monotonic() + seconds))
    print(f"    clean over {found.total()} random layers ({dict(found)})")


def _trials(end: float) -> Iterator:
    from strategies import SHIPPED
    from trials import random_trial

    seed = FIRST_SEED
    while time.monotonic() < end:
        for space in SHIPPED:
            yield replace(random_trial(space, seed), threads=1 + seed % 2)
        seed += 1


def _fault() -> None:
    """Runs a layer with a vector that is one element short."""
    import torch

    from fenas_lang.engine import kernel as loaded
    from fenas_lang.engine.layer import compile

    layer = compile("IndRNN", 64, 64)
    short = torch.empty(63)
    real = ctypes.c_void_p(layer.edges()["h.h_prev"].data_ptr()).value
    pointer = torch.Tensor.data_ptr
    with patch.object(
        torch.Tensor,
        "data_ptr",
        lambda self: pointer(short) if pointer(self) == real else pointer(self),
    ):
        assert loaded.shared_object() is not None
        layer(torch.zeros(2, 3, 64))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        fuzz(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
    else:
        sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
