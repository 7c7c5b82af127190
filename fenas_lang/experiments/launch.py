"""A unit's own process: `python -m fenas_lang.experiments.launch WORD…` is `fenasc WORD…`.

Its standard input is a pipe that the experiment holds open.  When that closes, because it was asked
to stop or because it was killed, the command is interrupted as by Ctrl-C, so that it ends cleanly
and nothing trains on behind the experiment's back.
"""

from __future__ import annotations

import os
import runpy
import signal
import threading
import time

PATIENCE = 20.0
"""Seconds for an interrupted command to end."""


def _listen(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)


def main() -> None:
    """Run the command in this process, without a standard input of its own."""
    held = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.set_inheritable(held, False)
    threading.Thread(target=_listen, args=(held,), daemon=True).start()
    runpy.run_module("fenas_lang", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
