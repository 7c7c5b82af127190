"""fenasc, the command line: one file a command group, and no logic here.

Exit status: 0 fine, or proved; 1 `check` found an error, `fmt --check` or `diff` a difference,
`prove` says Different, `verify` found a claim that does not hold; 2 misuse, unreadable input, or a
cell that does not check; 3 containment; 4 Unknown; 5 a run failed; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys

import typer

from fenas_lang.cli.output import Verbosity, show_error, show_internal_error
from fenas_lang.diagnostics import FenError

GROUPS = (
    *("check", "build", "analyze", "prove", "catalog", "bench", "evolve", "report", "atlas"),
    *("train", "experiment"),
)
RUN_FAILED = ("FEN4", "FEN50", "FEN51", "FEN56")
MISUSE = frozenset({"FEN400", "FEN401", "FEN402", "FEN403"} | {f"FEN{n}" for n in range(470, 480)})
"""Of the messages of tasks and runs those about the words of the command: no such task, no such
setting."""

app = typer.Typer(
    name="fenasc",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from fenas_lang import __version__

        typer.echo(f"fenasc {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
    quiet: bool = typer.Option(False, "-q", "--quiet", help="Only results and errors."),
    verbose: bool = typer.Option(False, "-v", "--verbose", help="Say more on the way."),
) -> None:
    """Write recurrent cells, compile them to PyTorch, analyse them, evolve them.

    \b
    fenasc check my_cell.fen              say what is wrong with it
    fenasc compile gru.fen -o gru.py      make it a PyTorch module
    fenasc analyze lstm.fen               count, bound, recognise
    fenasc prove gru.fen torch.nn.GRU     are they the same?
    fenasc evolve lstm.fen gru.fen --task digits --store run.db
    fenasc train run.db --task digits -o found
    """
    Verbosity.quiet, Verbosity.verbose = quiet, verbose


for group in GROUPS:
    importlib.import_module(f"fenas_lang.cli.{group}").register(app)


def exit_code(error: FenError) -> int:
    """5 where a run failed (data, store), else 2."""
    codes = [d.code for d in error.diagnostics]
    return 5 if any(c.startswith(RUN_FAILED) and c not in MISUSE for c in codes) else 2


def main() -> None:
    """Run the command line; every failure becomes a message and an exit status."""
    try:
        app(prog_name="fenasc")
    except FenError as error:
        show_error(error)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe went away, as `| head` does: no more output, and no complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        from fenas_lang.rules.files import UNREADABLE

        path, reason = error.filename or "output", error.strerror or str(error)
        show_error(UNREADABLE.error(path=path, reason=reason))
        sys.exit(2)
    except Exception as error:
        show_internal_error(error)
        sys.exit(70)
