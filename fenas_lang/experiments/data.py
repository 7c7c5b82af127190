"""Where an experiment's data are: given, made up, or on the Hugging Face hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.experiments import made_up
from fenas_lang.experiments.plan import VECTORS
from fenas_lang.experiments.recipe import TINY
from fenas_lang.rules import experiments as rules
from fenas_lang.tasks.language_model import ENDINGS, NAMES

HUB = "hub:"
FOLDERS = {"lm": "ptb", "glue": "glue"}
WHAT = {"lm": "train, valid and test text", "glue": "the folders of GLUE (CoLA, SST-2 …)"}
ENDS = (".txt", ".tsv", ".tokens", ".gz")
SETS = tuple(made_up.SETS)
MADE_UP = "made up"
NO_VECTORS = "none"


@dataclass(frozen=True)
class Data:
    """Directories by family; `checksum` is over the names and contents of their text files."""

    paths: dict[str, str]
    checksum: str
    made_up: bool = False

    @property
    def shown(self) -> str:
        return MADE_UP if self.made_up else ", ".join(dict.fromkeys(self._shown)) or "none"

    @property
    def _shown(self) -> list[str]:
        return [path for path in self.paths.values() if path != NO_VECTORS]


def data_for(
    scale: str, families: Sequence[str], given: str | None, folder: Path, make: bool = True
) -> Data:
    """The data of an experiment whose tasks are of these families.

    Given is a directory of such data, or one with `ptb` and `glue` in it.  Where none is given, the
    scale `tiny` makes data up in `folder` (unless not to `make` it).  Raises FEN563 for no such
    directory.
    """
    if not families:
        return Data({}, "none")
    if given is None and scale == TINY:
        if make:
            _make_up(folder / "data")
        paths = {family: str(folder / "data" / FOLDERS[family]) for family in families}
        return Data(paths, checksum(paths.values()), made_up=True)
    if given is None:
        return Data({}, "none")
    if given.startswith(HUB):
        return Data({**dict.fromkeys(families, given), VECTORS: NO_VECTORS}, given)
    root = Path(given).absolute()
    if not root.is_dir():
        raise rules.NO_SUCH_DATA.error(path=given)
    paths = dict(_found(root, families)) or dict.fromkeys(families, str(root))
    return Data({**paths, **_vectors(root, paths)}, checksum(paths.values()))


def needed(name: str, scale: str, families: Sequence[str]) -> Exception:
    """FEN572, for an experiment that can do nothing without data."""
    what = " and ".join(WHAT[family] for family in families)
    return rules.NEEDS_DATA.error(name=name, scale=scale, what=what)


def _make_up(folder: Path) -> None:
    """Raises FEN564."""
    try:
        made_up.write(folder)
    except OSError as error:
        reason = error.strerror or error
        raise rules.UNWRITABLE.error(path=folder, reason=reason) from error


def _found(root: Path, families: Sequence[str]) -> Iterator[tuple[str, str]]:
    for family in families:
        for folder in (root / FOLDERS[family], root):
            if _holds(folder, family):
                yield family, str(folder)
                break


def _holds(folder: Path, family: str) -> bool:
    if family == "glue":
        return any((folder / name).is_dir() for name in SETS)
    names = (name.format("train") + end for name in NAMES for end in ENDINGS)
    return any((folder / name).is_file() for name in names)


def _vectors(root: Path, paths: Mapping[str, str]) -> dict[str, str]:
    """A file of 300 numbers a word, as GloVe's, in the directory of the data or of GLUE."""
    if "glue" not in paths:
        return {}
    for folder in dict.fromkeys((root, Path(paths["glue"]))):
        for path in sorted(folder.glob("glove*300d.txt*")):
            return {VECTORS: str(path)}
    return {VECTORS: NO_VECTORS}


def checksum(paths: object) -> str:
    """sha256 over the names and contents of all text files in some directories, in order."""
    total = hashlib.sha256()
    for path in sorted(set(map(str, paths))):  # type: ignore[call-overload]
        for file in sorted(Path(path).rglob("*")):
            if file.is_file() and file.name.endswith(ENDS):
                total.update(f"{file.relative_to(path)}\n".encode() + _digest(file))
    return total.hexdigest()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
