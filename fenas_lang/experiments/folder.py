"""The directory of an experiment, and the note in it that says what it holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fenas_lang.experiments.data import Data
from fenas_lang.experiments.plan import Plan
from fenas_lang.rules import experiments as rules

NOTE = "experiment.json"
VERSION = 1


@dataclass(frozen=True)
class Note:
    """What was begun here: the experiment, its scale and the checksum of its data; `units` are the
    words of all commands by name."""

    experiment: str
    scale: str
    checksum: str
    units: dict[str, list[str]]
    version: int = VERSION

    def as_json(self) -> dict[str, Any]:
        return {"version": self.version} | asdict(self)


def check_free(folder: Path) -> None:
    """Raises FEN560 for a directory that holds something else than an experiment."""
    if folder.is_dir() and not (folder / NOTE).exists() and any(folder.iterdir()):
        found = "other things than an experiment"
        raise rules.OTHER_EXPERIMENT.error(path=folder, found=found, wanted="one")


def opened(folder: Path, plan: Plan, data: Data) -> None:
    """Make the directory, or see that it is this experiment's.

    More seeds add units; a unit with other words than before is another experiment.  Raises
    FenError: FEN560 and FEN561 for another experiment or other data, FEN564 where it cannot be
    written.
    """
    units = {unit.name: list(unit.begin) for unit in plan.units}
    before = _read(folder)
    if before is not None:
        _compare(folder, before, plan, data, units)
        units = {**before.units, **units}
    note = Note(plan.name, plan.scale, data.checksum, units)
    write(folder / NOTE, json.dumps(note.as_json(), indent=2) + "\n")


def write(path: Path, text: str) -> None:
    """A whole file or none.  Raises FEN564."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise rules.UNWRITABLE.error(path=path, reason=error.strerror or error) from error


def _read(folder: Path) -> Note | None:
    try:
        told = json.loads((folder / NOTE).read_text("utf-8"))
        return Note(**told)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise rules.UNWRITABLE.error(path=folder, reason=error.strerror) from error
    except (OSError, ValueError, TypeError) as error:
        found = f"a damaged `{NOTE}` ({error})"
        raise rules.OTHER_EXPERIMENT.error(path=folder, found=found, wanted="it") from error


def _compare(
    folder: Path, before: Note, plan: Plan, data: Data, units: dict[str, list[str]]
) -> None:
    wanted, found = (f"{n} at scale {s}" for n, s in ((plan.name, plan.scale), _kind(before)))
    if wanted != found:
        raise rules.OTHER_EXPERIMENT.error(path=folder, found=found, wanted=wanted)
    if before.checksum != data.checksum:
        raise rules.OTHER_DATA.error(
            path=folder, expected=before.checksum, found=data.checksum, data=data.shown
        )
    changed = [name for name, words in units.items() if before.units.get(name, words) != words]
    if changed:
        found = f"`{changed[0]}` made by `fenasc {' '.join(before.units[changed[0]])}`"
        wanted = f"by `fenasc {' '.join(units[changed[0]])}`"
        raise rules.OTHER_EXPERIMENT.error(path=folder, found=found, wanted=wanted)


def _kind(note: Note) -> tuple[str, str]:
    return note.experiment, note.scale
