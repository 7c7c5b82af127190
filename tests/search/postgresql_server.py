"""A PostgreSQL server for the tests: in a folder of its own, on a socket there, on no network."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs that are not on the path."""
SUPERUSER = "fenas"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None where there is no server."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _account() -> dict[str, Any]:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@dataclass
class Server:
    """`folder` holds the data and the socket."""

    folder: Path
    programs: Path
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def make(self) -> None:
        """The data of a new server."""
        call = [self.programs / "initdb", "-D", self.folder / "data", "-U", SUPERUSER]
        options = ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [*call, *options], check=True, capture_output=True, cwd=self.folder, **_account()
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        self._process = subprocess.Popen(
            [self.programs / "postgres", "-D", "data", "-k", self.folder, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **_account(),
        )
        import psycopg

        for _ in range(200):
            with contextlib.suppress(psycopg.OperationalError):
                self._connect().close()
                return
            assert self._process.poll() is None, "the server ended"
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(
            host=str(self.folder), user=SUPERUSER, dbname="postgres", autocommit=True
        )

    def run(self, query: str) -> None:
        """One statement in the database `postgres`."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute(query)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: connections are cut off."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=30)

    def new(self) -> str:
        """The URL of a new, empty database."""
        name = f"run{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return f"postgresql://{SUPERUSER}@/{name}?host={self.folder}"


@contextlib.contextmanager
def serving() -> Iterator[Server | None]:
    """A server that runs; None where its programs or the driver are missing."""
    found = programs()
    try:
        import psycopg  # noqa: F401
    except ImportError:
        found = None
    if found is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="fenas-pg-"))
    if account := _account():
        os.chown(folder, account["user"], account["group"])
    server = Server(folder, found)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
