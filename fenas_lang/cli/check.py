"""fenasc check, fmt, explain: what the language says about a text."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.output import (
    Format,
    colours,
    note,
    print_json,
    show_error,
    source_of,
    space_of,
    write,
)
from fenas_lang.cli.render import render, summary
from fenas_lang.diagnostics import ERROR, Diagnostic, FenError, has_errors
from fenas_lang.source import SourceFile

Files = Annotated[
    list[str],
    typer.Argument(help="Files, shipped cells, or - for standard input.", metavar="FILE…"),
]
SpaceOption = Annotated[
    str | None, typer.Option("--space", help="Check against this space (name or file).")
]


class CheckFormat(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(check)
    app.command()(fmt)
    app.command()(explain)


def check(
    files: Files,
    space: SpaceOption = None,
    format: Annotated[CheckFormat, typer.Option(help="How to print them.")] = CheckFormat.text,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Say what is wrong with cells, and how to mend it.

    \b
    fenasc check my_cell.fen
    fenasc check cells/*.fen --strict
    cat my_cell.fen | fenasc check - --format json
    """
    from fenas_lang.check.check import check_source

    chosen, unreadable = space_of(space), False
    diagnostics: list[Diagnostic] = []
    for reference in files:
        try:
            diagnostics += check_source(source_of(reference)[0], chosen).diagnostics
        except FenError as error:
            unreadable = True
            diagnostics += error.diagnostics
    _print_diagnostics(diagnostics, format, len(files))
    if unreadable:
        raise typer.Exit(2)
    if has_errors(diagnostics) or (strict and diagnostics):
        raise typer.Exit(1)


def _print_diagnostics(diagnostics: list[Diagnostic], format: CheckFormat, files: int) -> None:
    if format is CheckFormat.json:
        print_json([d.as_json() for d in diagnostics])
    elif format is CheckFormat.sarif:
        from fenas_lang.cli.sarif import sarif

        print_json(sarif(diagnostics))
    else:
        for diagnostic in diagnostics:
            typer.echo(render(diagnostic, colours(sys.stdout)) + "\n")
        note(summary(diagnostics, files))


def fmt(
    files: Files,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the changes, make none.")] = False,
) -> None:
    """Format cells in place; standard input goes to standard output.

    \b
    fenasc fmt my_cell.fen
    fenasc fmt --check cells/*.fen
    """
    sources = [_to_format(reference) for reference in files]
    texts = [_formatted(source) for source in sources]
    changed = 0
    for source, text in zip(sources, texts, strict=True):
        differs = text != source.text
        changed += differs
        if diff and differs:
            _print_diff(source, text)
        elif check and differs:
            typer.echo(f"would format {source.name}")
        elif not (check or diff):
            _write_formatted(source, text, differs)
    if (check or diff) and changed:
        raise typer.Exit(1)


def _to_format(reference: str) -> SourceFile:
    from fenas_lang.rules.files import MISSING_FILE

    source, _ = source_of(reference)
    if source.path is None and reference != "-":
        raise MISSING_FILE.error(path=reference, suggestion=None)
    return source


def _formatted(source: SourceFile) -> str:
    from fenas_lang.rules.syntax import TOO_LARGE
    from fenas_lang.syntax.formatter import format_module
    from fenas_lang.syntax.parser import MAX_CHARACTERS, parse

    module, diagnostics = parse(source)
    errors = [d for d in diagnostics if d.severity == ERROR]
    if errors:
        raise FenError(errors)
    text = format_module(module)
    if len(text) > MAX_CHARACTERS:
        # Blanks that the formatter adds must not make a file that cannot be read any more.
        raise TOO_LARGE.error(size=len(text), limit=MAX_CHARACTERS)
    return text


def _print_diff(source: SourceFile, text: str) -> None:
    from difflib import unified_diff

    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    for line in unified_diff(before, after, source.name, f"{source.name} (formatted)"):
        typer.echo(line, nl=not line.endswith("\n"))


def _write_formatted(source: SourceFile, text: str, differs: bool) -> None:
    if source.path is None:
        typer.echo(text, nl=False)
    elif differs:
        write(text, Path(source.path))


def explain(
    code: Annotated[
        str, typer.Argument(help="A diagnostic's code, such as FEN012.", metavar="CODE")
    ],
) -> None:
    """Explain a diagnostic, with a bad and a good example."""
    from fenas_lang.registry import suggest
    from fenas_lang.rules import all_rules
    from fenas_lang.rules.files import UNKNOWN_CODE

    rule = all_rules().get(code.upper())
    if rule is None:
        suggestion = suggest(code.upper(), all_rules())
        raise UNKNOWN_CODE.error(code=code, suggestion=suggestion)
    typer.echo(rule.page())


__all__ = ["Format", "register", "show_error"]
