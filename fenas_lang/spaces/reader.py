"""Spaces by their text, name or path: `.space` files are read here, shipped ones once a process."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from pathlib import Path

from fenas_lang.diagnostics import FenError, in_order
from fenas_lang.registry import suggest
from fenas_lang.rules import space_files as rule
from fenas_lang.rules.syntax import NOT_UTF8
from fenas_lang.source import SourceFile
from fenas_lang.spaces.build import SpaceBuilder
from fenas_lang.spaces.clauses import Report, span
from fenas_lang.spaces.functions import read_functions, separate
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.parser import parse_clauses
from fenas_lang.syntax.grammar import grammars, resource

SUFFIX = ".space"


def read_space(source: SourceFile, name: str | None = None) -> Space:
    """The space that a text defines, called `name` if that is given.

    Raises FenError (FEN100-122, and the parser's for a bad `fn`).
    """
    clauses, functions = separate(source.text)
    tree, wrong = parse_clauses(clauses, source)
    definitions, wrong_functions = read_functions(functions, source)
    report = Report(source, [*wrong, *wrong_functions])
    if tree is None:
        raise FenError(in_order(report.diagnostics))
    builder = SpaceBuilder(tree, definitions, report)
    builder.read()
    if not report.diagnostics:
        builder.check_whole(name)
    if report.diagnostics:
        raise FenError(in_order(report.diagnostics))
    documentation = _comment_above(source.text, span(tree).start)
    return builder.space(documentation=documentation, source=source)


def _comment_above(text: str, position: int) -> str:
    """The lines of comment right above the line of a position, without their `#`."""
    lines = [line.strip() for line in text[:position].split("\n")[:-1]]
    block = list(takewhile(lambda line: line.startswith("#"), reversed(lines)))
    return "\n".join(line.lstrip("#").strip() for line in reversed(block))


def load_space(reference: str | Path, beside: Path | None = None) -> Space:
    """A space by name or path.

    A name stands for `NAME.space` in the folder `beside`, else for a shipped space; a reference
    with a `/` or the suffix `.space` is a path.  Raises FenError: FEN120-122, or what is wrong in
    the file.
    """
    if isinstance(reference, Path) or "/" in reference or reference.endswith(SUFFIX):
        return _read_file(Path(reference))
    own = beside / f"{reference}{SUFFIX}" if beside else None
    if own and own.is_file():
        return _read_file(own, reference)
    return _shipped(reference)


def shipped_spaces() -> list[str]:
    """Names of the spaces that come with the package."""
    files = (Path(entry.name) for entry in grammars().iterdir())
    return sorted(file.stem for file in files if file.suffix == SUFFIX)


@cache
def _shipped(name: str) -> Space:
    known = shipped_spaces()
    if name not in known:
        suggestion = suggest(name, known)
        raise rule.UNKNOWN_SPACE.error(name=name, known=", ".join(known), suggestion=suggestion)
    file = f"{name}{SUFFIX}"
    return read_space(SourceFile(resource(file), name=file))


def _read_file(path: Path, name: str | None = None) -> Space:
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise rule.UNREADABLE_SPACE.error(path=path, reason=reason) from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise NOT_UTF8.error(path=path, offset=error.start, byte=byte) from None
    return read_space(SourceFile(text, path, str(path)), name)
