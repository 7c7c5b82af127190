"""fenasc report: a run as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.output import write


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(report)


def report(
    store: Annotated[str, typer.Argument(help="The run's file, or the URL of its database.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Make one HTML page of a run, while it goes on or afterwards; it needs no network.

    \b
    fenasc report run.db -o report.html
    fenasc report run.db > report.html
    """
    from fenas_lang.report.page import report as page

    write(page(store), output)
