"""fenasc prove, verify, diff, dedup: are two cells the same, and which of many are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenas_lang.cli.output import Format, note, print_json, source_of, write
from fenas_lang.diagnostics import FenError

if TYPE_CHECKING:
    from fenas_lang.proof.prove import Verdict

Reference = Annotated[
    str,
    typer.Argument(help="A file, file.fen:NAME, a shipped cell, or torch.nn.LSTM, GRU or RNN."),
]
FormatOption = Annotated[Format, typer.Option(help="How to print it.")]
DIFFERENT, CONTAINMENT, UNKNOWN = 1, 3, 4


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (prove, verify, diff, dedup):
        app.command()(command)


def prove(
    a: Reference,
    b: Reference,
    format: FormatOption = Format.text,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="Also write a certificate.", metavar="FILE"),
    ] = None,
) -> None:
    """Say how two cells are related, as far as that can be proved.

    \b
    fenasc prove gru.fen torch.nn.GRU
    fenasc prove lstm_peephole.fen lstm.fen --certificate proof.json

    Exit status: 0 proved the same, 1 different, 3 one contains the other, 4 unknown.
    """
    from fenas_lang.proof import prove as prover

    verdict = prover.prove(a, b)
    if certificate is not None and verdict.kind != "Unknown":
        write(json.dumps(verdict.certificate, indent=1), certificate)
    if format is Format.json:
        print_json(_document(verdict))
    else:
        _print_verdict(verdict)
    status = _status(verdict)
    if status:
        raise typer.Exit(status)


def _status(verdict: Verdict) -> int:
    statuses = {"Different": DIFFERENT, "Unknown": UNKNOWN}
    contained = verdict.kind in ("Contains", "ContainedIn")
    return CONTAINMENT if contained else statuses.get(verdict.kind, 0)


def _document(verdict: Verdict) -> dict[str, Any]:
    refuted = verdict.certificate.get("refuted", []) if verdict.kind == "Different" else []
    return {
        "version": 1,
        "kind": verdict.kind,
        "sentence": verdict.sentence,
        "a": verdict.a.name,
        "b": verdict.b.name,
        "correspondence": dict(verdict.correspondence),
        "ignored": list(verdict.ignored),
        "biases_merged": verdict.biases_merged,
        "direction": verdict.direction,
        "laws": list(verdict.laws),
        "refuted": refuted,
    }


def _print_verdict(verdict: Verdict) -> None:
    typer.echo(verdict.sentence)
    one, two = verdict.a, verdict.b
    if verdict.kind == "ContainedIn":
        one, two = two, one
    slots = two.reference.slots if two.reference else {}
    rows = [
        (name, f"{text} = {slots[text].symbol}" if text in slots else text)
        for name, text in verdict.correspondence.items()
    ]
    width = max((len(name) for name, _ in rows), default=0)
    if rows:
        typer.echo(f"\n  parameters of {one.name} in terms of those of {two.name}")
    for name, text in rows:
        typer.echo(f"  {name:<{width}}  {text}")
    for name in verdict.ignored:
        typer.echo(f"  {name} has no influence")
    if verdict.laws:
        typer.echo("\n  laws used, besides those of a ring and of additive maps")
    for law in verdict.laws:
        typer.echo(f"  {law}")
    for refutation in (verdict.finding.not_in, verdict.finding.not_holding):
        if refutation is not None and refutation.violated.kind != "parameters":
            _print_witness(refutation)


def _print_witness(refutation: Any) -> None:
    witness = refutation.witness
    typer.echo(f"\n  witness, D = H = 2 (violated by {refutation.gap:.3g})")
    typer.echo(f"  x = {witness.x.tolist()}")
    typer.echo(f"  states = {[state.tolist() for state in witness.states]}")
    for name, value in witness.parameters.items():
        typer.echo(f"  {name} = {value.tolist()}")


def verify(
    certificate: Annotated[
        str, typer.Argument(help="A file written by `prove`, or -.", metavar="CERTIFICATE")
    ],
) -> None:
    """Check a certificate without the prover.

    \b
    fenasc prove gru.fen torch.nn.GRU --certificate gru.json
    fenasc verify gru.json

    Exit status: 0 it holds, 1 it does not, 2 it cannot be read.
    """
    from fenas_lang.cli.output import show_error
    from fenas_lang.proof.certificate import verify as check

    try:
        kind = check(_read_json(certificate))
    except FenError as error:
        if error.diagnostics[0].code != "FEN602":
            raise
        show_error(error)
        raise typer.Exit(DIFFERENT) from None
    typer.echo(f"valid: {kind}")


def _read_json(reference: str) -> Any:
    from fenas_lang.rules.proof import NOT_A_CERTIFICATE

    source, _ = source_of(reference)
    try:
        return json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise NOT_A_CERTIFICATE.error(problem=f"it is no JSON ({error})") from None


def diff(a: Reference, b: Reference) -> None:
    """Show how two cells differ, node by node, and what is proved about them.

    \b
    fenasc diff gru.fen mgu.fen

    Exit status: 0 the same graph up to names, 1 a difference.
    """
    from difflib import unified_diff

    from fenas_lang.check.loader import loads
    from fenas_lang.emit import emit
    from fenas_lang.proof import prove as prover

    verdict = prover.prove(a, b)
    typer.echo(verdict.sentence)
    one, two = (emit(loads(side.source), "nodes").splitlines() for side in (verdict.a, verdict.b))
    for line in unified_diff(one, two, verdict.a.name, verdict.b.name, lineterm="", n=100):
        typer.echo(line)
    if verdict.kind != "Identical":
        raise typer.Exit(DIFFERENT)


def dedup(
    files: Annotated[
        list[str],
        typer.Argument(help="Cells, folders of them, or NAS-Bench-NLP recipes (.jsonl[.gz])."),
    ],
    format: FormatOption = Format.text,
) -> None:
    """Group cells by what they are, up to spelling and algebra.

    \b
    fenasc dedup cells/
    fenasc dedup architectures.jsonl.gz --format json
    """
    from fenas_lang.cli.progress import counted
    from fenas_lang.report.collection import collect
    from fenas_lang.report.dedup import group

    found = collect(files)
    for file in found.passed_over:
        note(f"passed over {file}: its lines are no recipes")
    groups = group(counted(found.read(), "cells"))
    if format is Format.json:
        print_json({"version": 1, **groups.as_json()})
    else:
        typer.echo(groups.as_text())
