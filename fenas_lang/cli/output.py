"""What commands print, and where: results to standard output, the rest to standard error."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from fenas_lang.cli.render import render
from fenas_lang.diagnostics import FenError
from fenas_lang.rules.emit import BYTES_ON_TERMINAL
from fenas_lang.rules.files import UNREADABLE
from fenas_lang.source import SourceFile


class Format(StrEnum):
    text = "text"
    json = "json"


class Verbosity:
    """The `-q` and `-v` of this run."""

    quiet = False
    verbose = False


def note(text: str) -> None:
    """Something that a quiet run does not say."""
    if not Verbosity.quiet:
        typer.echo(text, err=True)


def as_json(value: Any) -> str:
    """As every command writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def print_json(value: Any) -> None:
    typer.echo(as_json(value))


def show_error(error: FenError) -> None:
    """The diagnostics of an error, on standard error."""
    for diagnostic in error.diagnostics:
        typer.echo(render(diagnostic, colour=colours(sys.stderr)), err=True)


def show_internal_error(error: Exception) -> None:
    """A mistake of ours, without a traceback unless FENASC_DEBUG is set."""
    if os.environ.get("FENASC_DEBUG"):
        import traceback

        traceback.print_exception(error)
    kind, text = type(error).__name__, str(error).splitlines()[:1]
    typer.echo(f"fenasc: internal error: {kind}: {' '.join(text)}", err=True)
    typer.echo("This is a bug in fenasc. FENASC_DEBUG=1 shows where it happened.", err=True)


def colours(stream: Any) -> bool:
    """Colours only on a terminal, and not where NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def source_of(reference: str) -> tuple[SourceFile, str | None]:
    """The source a command's argument names: `-` is standard input."""
    from fenas_lang.check import loader

    if reference == "-":
        return loader.decode(sys.stdin.buffer.read(loader.MAX_BYTES + 1), None, "<stdin>"), None
    return loader.find(reference)


def cell_of(reference: str, space: str | None) -> Any:
    """The one cell that a command's argument names."""
    from fenas_lang.check import loader

    source, name = source_of(reference)
    return loader.one_cell(source, name, space_of(space))


def space_of(reference: str | None) -> Any:
    """The space of `--space`, or None."""
    from fenas_lang.spaces.reader import load_space

    return None if reference is None else load_space(reference)


def write(content: str | bytes, path: Path | None) -> None:
    """Print it, or write it to a file as a whole: a failed write leaves the old file."""
    if path is None or str(path) == "-":
        _print(content)
        return
    data = content.encode() if isinstance(content, str) else content
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".fenasc-", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if "temporary" in locals():
            temporary.unlink(missing_ok=True)
        raise UNREADABLE.error(path=path, reason=error.strerror or str(error)) from error
    note(f"wrote {path}")


def _print(content: str | bytes) -> None:
    """Text with a line end, bytes as they are: those not on a terminal."""
    if isinstance(content, bytes) and sys.stdout.isatty():
        raise BYTES_ON_TERMINAL.error()
    typer.echo(content, nl=isinstance(content, str) and not content.endswith("\n"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
