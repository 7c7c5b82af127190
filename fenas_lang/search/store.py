"""The record of a run: one SQLite file, or any database that SQLAlchemy knows.

A trial is written in one transaction, after which neither a kill nor a full disk can take it away.
SQLite hands it to the system and does not wait for the disk (`synchronous=NORMAL`): when the whole
machine loses power, the last trials may be gone, and a resumed run trains them again; what is there
stays whole.
Whatever the database complains of reaches the user as a FenError (FEN500-506).
"""

from __future__ import annotations

import contextlib
import errno
import importlib.metadata
import itertools
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
)

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import search as rules
from fenas_lang.search.lock import WriterLock
from fenas_lang.search.schema import (
    FORMAT,
    META,
    RECALLED,
    REJECTIONS,
    TRIALS,
    metadata,
    read_trial,
    recalled_trial,
    rejection_row,
    trial_row,
)
from fenas_lang.search.server import IN_MEMORY, as_argument, server_engine, server_error, shown
from fenas_lang.search.trial import Rejection, Trial

BUSY_SECONDS = 10
"""How long a write waits for a reader's lock."""
BATCH = 1000
"""So many trials are fetched at a time."""


class Store:
    """An open store; use as a context manager, or call `close`."""

    def __init__(self, location: str, engine: sa.Engine, lock: WriterLock | None = None):
        self.location, self._engine, self._lock = location, engine, lock

    @classmethod
    def create(cls, location: str | Path, meta: Mapping[str, Any], *, force: bool = False) -> Store:
        """A new store with these values of `meta`.

        Raises FEN500 where there is one already (`force` renames that to `.bak`, or
        `.bak2` and so on), FEN505, FEN506.
        """
        check_place(location, force)
        path = path_of(location)
        if path is None:
            return cls._create_at_url(str(location), meta)
        lock = WriterLock(path)
        try:
            _make_room(path, force)
        except BaseException:
            lock.release()
            raise
        store = cls(str(location), _sqlite(path, "rwc"), lock)
        try:
            store._write_tables(meta)
        except BaseException:
            store.close()
            _remove(path)
            raise
        return store

    @classmethod
    def _create_at_url(cls, location: str, meta: Mapping[str, Any]) -> Store:
        store = cls(location, server_engine(location, write=True))
        try:
            if store._has_tables():
                resume = as_argument(location)
                raise rules.TAKEN_DATABASE.error(path=shown(location), argument=resume)
            store._write_tables(meta)
        except BaseException:
            store.close()
            raise
        return store

    def _has_tables(self) -> bool:
        with _explained(self.location):
            return sa.inspect(self._engine).has_table(META.name)

    def _write_tables(self, meta: Mapping[str, Any]) -> None:
        version = importlib.metadata.version("fenas-lang")
        values = {"format": FORMAT, "version": version, **meta}
        with self._transaction() as connection:
            metadata.create_all(connection)
            rows = [{"key": key, "value": json.dumps(value)} for key, value in values.items()]
            connection.execute(META.insert(), rows)

    @classmethod
    def open(cls, location: str | Path, *, write: bool = False) -> Store:
        """An existing store.  Raises FEN501-505."""
        path = path_of(location)
        if path is None:
            store = cls(str(location), server_engine(str(location), write=write))
        elif not path.is_file():
            raise rules.NO_STORE.error(path=location)
        else:
            lock = WriterLock(path) if write else None
            store = cls(str(location), _sqlite(path, "rw" if write else "ro"), lock)
        try:
            store._check_format(write)
        except BaseException:
            store.close()
            raise
        return store

    def _check_format(self, write: bool) -> None:
        path = shown(self.location)
        if path_of(self.location) is None and not self._has_tables():
            raise rules.NO_STORE.error(path=path)
        known = self.meta()
        found = known.get("format")
        if not isinstance(found, int):
            raise rules.NOT_A_STORE.error(path=path, reason="it does not name its format")
        if found > FORMAT:
            version = known.get("version")
            raise rules.NEWER_STORE.error(path=path, found=found, known=FORMAT, version=version)
        if write:
            self.note("version", importlib.metadata.version("fenas-lang"))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with _explained(self.location), self._engine.begin() as connection:
            yield connection

    def meta(self) -> dict[str, Any]:
        """Everything that is stored about the run as a whole."""
        with self._transaction() as connection:
            return {row.key: json.loads(row.value) for row in connection.execute(META.select())}

    def note(self, key: str, value: Any) -> None:
        """Store a value about the run as a whole, in place of an older one."""
        with self._transaction() as connection:
            connection.execute(META.delete().where(META.c.key == key))
            connection.execute(META.insert(), {"key": key, "value": json.dumps(value)})

    def add(self, trial: Trial | None, rejections: Iterable[Rejection] = ()) -> None:
        """Write a trial and what was refused on the way to it, in one transaction."""
        with self._transaction() as connection:
            rows = [rejection_row(rejection) for rejection in rejections]
            if rows:
                numbers = {row["number"] for row in rows}
                connection.execute(REJECTIONS.delete().where(REJECTIONS.c.number.in_(numbers)))
                connection.execute(REJECTIONS.insert(), rows)
            if trial is not None:
                connection.execute(TRIALS.insert(), trial_row(trial))

    def trials(self, phase: str | None = None) -> list[Trial]:
        """Trials in the order in which they ended."""
        return list(self.each(phase))

    def each(self, phase: str | None = None) -> Iterator[Trial]:
        """The same one after another, for many; nothing may be written until the last."""
        query = TRIALS.select().order_by(TRIALS.c.id).execution_options(yield_per=BATCH)
        if phase is not None:
            query = query.where(TRIALS.c.phase == phase)
        with self._transaction() as connection:
            for row in connection.execute(query):
                yield read_trial(row)

    def recalled(self, phase: str) -> Iterator[Trial]:
        """As `each`, of every trial only what a search rests on: no edits, logs, times."""
        query = sa.select(*RECALLED).where(TRIALS.c.phase == phase).order_by(TRIALS.c.id)
        with self._transaction() as connection:
            for row in connection.execute(query.execution_options(yield_per=BATCH)):
                yield recalled_trial(row)

    def best(self, phase: str, most: int) -> list[Trial]:
        """The best trials with different canonical keys, best first, the earliest of equals."""
        found: dict[str, int] = {}
        scored = TRIALS.c.phase == phase, TRIALS.c.score.is_not(None)
        query = sa.select(TRIALS.c.key, TRIALS.c.id).where(*scored)
        query = query.order_by(TRIALS.c.score.desc(), TRIALS.c.number)
        with self._transaction() as connection:
            with connection.execute(query.execution_options(yield_per=BATCH)) as rows:
                for key, row in rows:
                    if len(found) == most:
                        break
                    found.setdefault(key, row)
            each = (TRIALS.select().where(TRIALS.c.id == row) for row in found.values())
            return [read_trial(connection.execute(one).one()) for one in each]

    def line(self, phase: str, number: int) -> list[Trial]:
        """From a first ancestor to the trial of this number: each one's first parent before it."""
        found, wanted = list[Trial](), [number]
        query = TRIALS.select().where(TRIALS.c.phase == phase)
        with self._transaction() as connection:
            while wanted:
                row = connection.execute(query.where(TRIALS.c.number == wanted[0])).one()
                found.append(read_trial(row))
                wanted = list(found[-1].parents[:1])
        return found[::-1]

    def beginning(self, phase: str, before: int) -> list[Trial]:
        """The trials with numbers below this, by number."""
        numbers = TRIALS.c.number
        query = TRIALS.select().where(TRIALS.c.phase == phase, numbers < before).order_by(numbers)
        with self._transaction() as connection:
            return [read_trial(row) for row in connection.execute(query)]

    def rejected(self) -> int:
        """How many candidates were refused before training."""
        with self._transaction() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(REJECTIONS))
            return int(count.scalar_one())

    def transaction(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction of a table of someone else's; what goes wrong is a FenError."""
        return self._transaction()

    def refused(self) -> dict[str, int]:
        """How many candidates were refused before training, by reason, the most first."""
        reason, count = REJECTIONS.c.reason, sa.func.count()
        query = sa.select(reason, count).group_by(reason).order_by(count.desc(), reason)
        with self._transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def close(self) -> None:
        """Close the database, which leaves one file."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def path_of(location: str | Path) -> Path | None:
    """The file of a store, `sqlite:///FILE` too; None for the URL of another database."""
    if "://" not in str(location):
        return Path(location)
    try:
        url = sa.make_url(str(location))
    except ArgumentError:
        return None
    ours = url.get_backend_name() == "sqlite" and not url.query
    return Path(url.database) if ours and url.database not in IN_MEMORY else None


def _sqlite(path: Path, mode: str) -> sa.Engine:
    """An engine on a file; explicit BEGIN, so that making the tables is one transaction too."""
    uri = f"file:{_quoted(path)}?mode={_reading_mode(path) if mode == 'ro' else mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        if mode == "ro":
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.StaticPool)
    begin = "BEGIN" if mode == "ro" else "BEGIN IMMEDIATE"
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _reading_mode(path: Path) -> str:
    """How to open a file that is only read.

    SQLite reads a log beside the file, and makes one.  Who may write also removes it at the end; in
    a folder that nobody can write to, a file without a log does not change.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"
    at_rest = not os.access(path.parent, os.W_OK) and not _beside(path, "-wal").exists()
    return "ro&immutable=1" if at_rest else "ro"


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def check_place(location: str | Path, force: bool) -> None:
    """Whether `Store.create` will find room, before anything expensive is done.

    Raises FEN500 where a file is there that must not be overwritten, FEN505 where none can be made.
    """
    path = path_of(location)
    if path is None:
        return
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no ordinary file"
        raise rules.UNWRITABLE_STORE.error(path=path, reason=f"it is {kind}")
    if not force and _holds_something(path):
        raise rules.STORE_EXISTS.error(path=path, backup=_backup(path))
    if not path.parent.is_dir():
        raise rules.UNWRITABLE_STORE.error(path=path, reason=f"{path.parent} is no folder")
    if not os.access(path.parent, os.W_OK):
        raise rules.UNWRITABLE_STORE.error(path=path, reason="its folder is not writable")


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _backup(path: Path) -> Path:
    """The first of `.bak`, `.bak2`, `.bak3`, … that is free."""
    names = (_beside(path, f".bak{number if number > 1 else ''}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


def _make_room(path: Path, force: bool) -> None:
    """See that nothing is at `path`, which with `force` means moving it to a backup."""
    check_place(path, force)
    if not _holds_something(path):
        return
    backup = _backup(path)
    try:
        for suffix in ("-wal", "-shm", ""):
            old, new = _beside(path, suffix), _beside(backup, suffix)
            if old.exists():
                os.replace(old, new)
    except OSError as error:
        raise rules.UNWRITABLE_STORE.error(path=path, reason=error.strerror) from None


def _remove(path: Path) -> None:
    """Take away a store that could not be begun."""
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(OSError):
            _beside(path, suffix).unlink()


@contextlib.contextmanager
def _explained(location: str) -> Iterator[None]:
    """Turn what the database or the system says into a diagnostic."""
    try:
        yield
    except IntegrityError as error:
        reason = f"another process writes to it ({' '.join(str(error.orig).split())})"
        raise rules.STORE_BUSY.error(path=shown(location), reason=reason) from error
    except DBAPIError as error:
        raise _diagnosed(location, error.orig) from error
    except (sqlite3.Error, OSError, json.JSONDecodeError) as error:
        raise _diagnosed(location, error) from error
    except SQLAlchemyError as error:
        raise rules.NOT_A_STORE.error(path=shown(location), reason=str(error)) from error


def _diagnosed(location: str, error: BaseException | None) -> FenError:
    code = getattr(error, "sqlite_errorcode", -1) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) == errno.ENOSPC:
        return rules.DISK_FULL.error(path=location)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return rules.STORE_BUSY.error(path=location, reason=str(error))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return rules.UNWRITABLE_STORE.error(path=location, reason=str(error))
    if not isinstance(error, sqlite3.Error) and (found := server_error(location, error)):
        return found
    return rules.NOT_A_STORE.error(path=shown(location), reason=str(error))
