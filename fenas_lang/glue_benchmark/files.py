"""GLUE's own file format: lines cut at tabs, no quoting, columns by the names of the first line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.rules import glue as rules
from fenas_lang.rules.tasks import NOT_UTF8, UNREADABLE_DATA

MARK = '"'


@dataclass(frozen=True)
class Table:
    """Lines as fields, with their 1-based numbers in the file; `left_out` lines were broken."""

    path: Path
    header: tuple[str, ...]
    lines: tuple[tuple[int, list[str]], ...]
    left_out: int = 0

    def place(self, column: str) -> int:
        """Where a column stands.  Raises FEN482 where it does not."""
        if column in self.header:
            return self.header.index(column)
        if f"{MARK}{column}{MARK}" in self.header:
            raise rules.QUOTED_FILE.error(path=self.path)
        present = ", ".join(f"`{name}`" for name in self.header)
        raise rules.NO_COLUMN.error(path=self.path, column=column, present=present)

    def column(self, name: str) -> list[str]:
        """All fields of a column."""
        place = self.place(name)
        return [fields[place] for _, fields in self.lines]


def text_of(path: Path) -> str:
    """A file's text, plain or with .gz, without a byte-order mark.  Raises FEN408, FEN409."""
    try:
        content = path.read_bytes()
        raw = gzip.decompress(content) if path.suffix == ".gz" else content
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise NOT_UTF8.error(path=path, offset=error.start, byte=byte) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UNREADABLE_DATA.error(path=path, reason=error) from error


def read_table(
    path: Path, headless: Sequence[str] = (), known: str = "", irregular: bool = False
) -> Table:
    """A file as a table.

    `headless` names the columns where the first line does not hold `known`, a column's name.  Where
    a file is `irregular`, lines with too few or too many columns are left out and counted, and
    quoted sentences are kept as they are.

    Raises FenError: FEN408 and FEN409 for what cannot be read, FEN483 for a line with another
    number of columns than the first, FEN485 for a quoted file, FEN486 for an empty one.
    """
    numbered = enumerate(_lines(text_of(path)), start=1)
    first = next(numbered, (1, [""]))
    without = bool(headless) and known not in first[1]
    header = tuple(headless) if without else tuple(first[1])
    every = [first, *numbered] if without and first[1] != [""] else list(numbered)
    lines = tuple(line for line in every if len(line[1]) == len(header))
    if not irregular:
        _check_columns(path, every, len(header))
    if not lines:
        raise rules.EMPTY_FILE.error(path=path)
    if not irregular and _quoted(lines):
        raise rules.QUOTED_FILE.error(path=path)
    return Table(path, header, lines, len(every) - len(lines))


def _lines(text: str) -> Iterator[list[str]]:
    """Fields of each line; only a line feed ends one, as sentences hold other separators."""
    for line in text.removesuffix("\n").split("\n"):
        yield line.removesuffix("\r").split("\t")


def _check_columns(path: Path, lines: Sequence[tuple[int, list[str]]], expected: int) -> None:
    for number, fields in lines:
        if len(fields) != expected:
            raise rules.WRONG_COLUMNS.error(
                path=path, line=number, found=len(fields), expected=expected
            )


def _quoted(lines: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether all fields with a mark stand in marks, and those within are doubled."""
    marked = [field for _, fields in lines for field in fields if MARK in field]
    doubled = any(MARK * 2 in field[1:-1] for field in marked)
    return doubled and all(map(_is_quoted, marked))


def _is_quoted(field: str) -> bool:
    inner = field[1:-1]
    bare = inner.replace(MARK * 2, "")
    return len(field) > 1 and field[0] == field[-1] == MARK and MARK not in bare
