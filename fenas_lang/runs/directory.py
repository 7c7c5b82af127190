"""The directory of a run: what it holds, how it is begun, and who may write to it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.lock import FileLock, Held
from fenas_lang.rules import runs as rules
from fenas_lang.runs.files import write_text
from fenas_lang.runs.plan import Plan
from fenas_lang.runs.result import Result
from fenas_lang.runs.subject import CELL_FILE, TORCH, Subject, subject_of

Row = dict[str, float]
"""One epoch: figures by the names of the columns."""

PLAN_FILE, RESULT_FILE, EPOCHS_FILE = "run.json", "result.json", "epochs.csv"
WHOLE_COLUMNS = ("epoch", "steps", "averaged")


@dataclass(frozen=True)
class Directory:
    """The files of one run."""

    path: Path

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / PLAN_FILE).is_file()

    @property
    def last(self) -> Path:
        """The checkpoint of the last epoch."""
        return self.path / "last.pt"

    @property
    def best(self) -> Path:
        """The weights of the best epoch."""
        return self.path / "best.safetensors"

    @property
    def resume_command(self) -> str:
        return f"fenasc train --resume {_shown(self.path)}"

    @property
    def how_to_go_on(self) -> str:
        """A hint for what stops a training."""
        return f"make room there, then `{self.resume_command}` goes on after the last whole epoch"

    def plan(self) -> Plan:
        """What the run is.  Raises FEN461 where this is no run, FEN462 for a damaged one."""
        if not self.path.is_dir():
            raise rules.NOT_A_RUN.error(path=self.path, reason="there is no such directory")
        if not self.exists:
            raise rules.NOT_A_RUN.error(path=self.path, reason=f"it has no {PLAN_FILE}")
        plan: Plan = self._read(PLAN_FILE, Plan)
        return plan

    def result(self) -> Result | None:
        """What came of it; None as long as there is nothing.  Raises FEN462."""
        return self._read(RESULT_FILE, Result) if (self.path / RESULT_FILE).is_file() else None

    def _read(self, name: str, kind: Any) -> Any:
        path = self.path / name
        try:
            return kind.of(json.loads(path.read_bytes()))
        except KeyError as error:
            problem = f"it has no {error}"
        except (OSError, ValueError, TypeError, AttributeError) as error:
            problem = str(error)
        hint = "put back a whole copy of it, or begin anew"
        raise rules.DAMAGED_RUN.error(path=path, reason=problem, hint=hint)

    def subject(self, plan: Plan) -> Subject:
        """What is trained, from `cell.fen` where it is a cell."""
        if plan.layer == TORCH:
            return subject_of(str(plan.cell["name"]))
        try:
            return subject_of(self.path / CELL_FILE)
        except FenError as error:
            reason = "; ".join(d.message for d in error.diagnostics)
            hint = "put back a whole copy of it, or begin anew"
            path = self.path / CELL_FILE
            raise rules.DAMAGED_RUN.error(path=path, reason=reason, hint=hint) from error

    def write_rows(self, rows: Sequence[Row]) -> None:
        """`epochs.csv` as it should be now.  Raises FEN463."""
        text = io.StringIO()
        if rows:
            table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows({k: _cell(k, v) for k, v in row.items()} for row in rows)
        write_text(self.path / EPOCHS_FILE, text.getvalue(), self.how_to_go_on)

    def rows(self) -> list[Row]:
        """The epochs so far.  Raises FEN462."""
        path = self.path / EPOCHS_FILE
        try:
            table = csv.DictReader(io.StringIO(path.read_text("utf-8")))
            return [{name: float(value) for name, value in row.items()} for row in table]
        except (OSError, ValueError, TypeError) as error:
            hint = f"`{self.resume_command}` writes it again"
            raise rules.DAMAGED_RUN.error(path=path, reason=error, hint=hint) from error

    def write_result(self, result: Result) -> None:
        """Raises FEN463."""
        write_text(self.path / RESULT_FILE, _json(result.as_json()), self.how_to_go_on)

    def forget_result(self) -> None:
        """A training that failed goes on."""
        (self.path / RESULT_FILE).unlink(missing_ok=True)

    @contextlib.contextmanager
    def written(self) -> Iterator[None]:
        """Within, no other process trains here.  Raises FEN467."""
        try:
            lock = FileLock(self.path / "lock")
        except Held as error:
            raise rules.RUN_BUSY.error(path=self.path, holder=error.holder) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise rules.UNWRITABLE_RUN.error(
                path=self.path, reason=reason, hint=self.how_to_go_on
            ) from None
        try:
            yield
        finally:
            lock.release()


def check_place(path: Path, force: bool) -> None:
    """Raises FEN460 or FEN468 where a run cannot be begun."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not Directory(path).exists:
        raise rules.NOT_EMPTY.error(path=path)
    if force:
        return
    directory = Directory(path)
    found = directory.result()
    over = found is not None and found.failure is None
    raise rules.RUN_EXISTS.error(
        path=path,
        what="a finished" if over else "an unfinished",
        command=f"fenasc eval {_shown(path)}" if over else directory.resume_command,
        does="measures it" if over else "goes on with it",
        backup=_backup(path),
    )


def begin(path: Path, plan: Plan, texts: Mapping[str, str], force: bool) -> Directory:
    """The directory of a new run, all there or not at all; with `force` an old one is renamed.

    Raises FEN460, FEN463 or FEN468.
    """
    check_place(path, force)
    path = path.absolute()
    part = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, text in {**texts, PLAN_FILE: _json(plan.as_json())}.items():
            write_text(part / name, text)
        if path.exists() and any(path.iterdir()):
            path.rename(_backup(path))
        part.rename(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise rules.UNWRITABLE_RUN.error(path=path, reason=reason, hint=None) from error
    return Directory(path)


def _backup(path: Path) -> Path:
    """The first name of the kind `run.bak`, `run.bak2` that is free."""
    path = path.absolute()
    names = (path.with_name(f"{path.name}.bak{number or ''}") for number in chain([0], count(2)))
    return next(name for name in names if not name.exists())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _cell(column: str, value: float) -> str:
    return str(int(value)) if column in WHOLE_COLUMNS else repr(float(value))


def _shown(path: Path) -> str:
    """As an argument of a shell."""
    return shlex.quote(os.fspath(path))
