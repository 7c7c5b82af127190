"""Stores on a database server: the driver, one writer at a time, and what a lost server says."""

from __future__ import annotations

import os
import shlex
import socket
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import search as rules

IN_MEMORY = (None, "", ":memory:")
"""What a URL names SQLite's databases that are in no file."""
POSTGRESQL = "postgresql"
DRIVERS = {POSTGRESQL: "postgresql+psycopg"}
"""What is used where a URL names no driver."""
INSTALLS = {"psycopg": "'fenas-lang[postgresql]'"}
"""What to install for a driver, where that is not its own name."""

LOCK = "hashtextextended('fenas-lang ' || current_schema(), 0)"
"""The advisory lock of a store: one a schema (locks of different databases are apart anyway)."""
TRY_LOCK = f"SELECT pg_try_advisory_lock({LOCK})"
HOLDER = f"""
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted
AND (classid::bigint << 32) | objid::bigint = {LOCK}
"""
LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a connection's name."""


def shown(location: str | Path) -> str:
    """A location as messages say it: without the password of a URL."""
    if "://" not in str(location):
        return str(location)
    try:
        return sa.make_url(str(location)).render_as_string(hide_password=True)
    except ArgumentError:
        return str(location)


def as_argument(location: str | Path) -> str:
    """A location as one types it in a shell."""
    return shlex.quote(shown(location))


def server_engine(url: str, *, write: bool) -> sa.Engine:
    """An engine on any URL; that of a writer holds the lock as long as its one connection lives.

    Raises FEN502 for what is no URL, FEN505 for a database in memory, FEN512 without the driver.
    """
    try:
        parsed = sa.make_url(url)
        options = _writing(parsed) if write else {"poolclass": sa.pool.NullPool}
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        engine = sa.create_engine(parsed, **options)
    except ImportError as error:
        package = error.name or "psycopg"
        install = INSTALLS.get(package, package)
        raise rules.NO_DRIVER.error(path=shown(url), package=package, install=install) from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise rules.NOT_A_STORE.error(path=shown(url), reason=str(error)) from None
    if engine.dialect.name == "sqlite" and engine.url.database in IN_MEMORY:
        raise rules.UNWRITABLE_STORE.error(path=url, reason="a run in memory could not be resumed")
    if write and engine.dialect.name == POSTGRESQL:
        sa.event.listen(engine, "connect", lambda connection, _: _lock(connection, shown(url)))
    return engine


def _writing(url: sa.URL) -> dict[str, Any]:
    """One connection, which on PostgreSQL says whose it is."""
    options: dict[str, Any] = {"poolclass": sa.pool.QueuePool, "pool_size": 1, "max_overflow": 0}
    if url.get_backend_name() == POSTGRESQL and "application_name" not in url.query:
        name = f"process {os.getpid()} on {socket.gethostname()}"[:LONGEST_NAME]
        options["connect_args"] = {"application_name": name}
    return options


def _lock(connection: Any, path: str) -> None:
    """Take the lock for as long as the connection lives.  Raises FEN504."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK)
        if cursor.fetchone()[0]:
            connection.commit()
            return
        cursor.execute(HOLDER)
        found = cursor.fetchone()
    connection.close()
    holder = found[0] if found else "another process"
    raise rules.STORE_BUSY.error(path=path, reason=f"{holder} writes to it")


DISK_FULL, FORBIDDEN, READ_ONLY = "53100", "42501", "25006"
"""PostgreSQL's states (SQLSTATE) that are not the connection's fault."""


def server_error(location: str, error: BaseException | None) -> FenError | None:
    """The diagnostic for what a server or its driver complains of; None for anything else."""
    path, state = shown(location), getattr(error, "sqlstate", None)
    reason = " ".join(str(error).split())
    if state == DISK_FULL:
        return rules.DISK_FULL.error(path=path)
    if state in (FORBIDDEN, READ_ONLY):
        return rules.UNWRITABLE_STORE.error(path=path, reason=reason)
    if any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
        return rules.NO_SERVER.error(path=path, reason=reason, argument=as_argument(location))
    return None
