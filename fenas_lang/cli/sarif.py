"""Diagnostics as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fenas_lang.diagnostics import Diagnostic
from fenas_lang.rules import all_rules


def sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """One SARIF log of one run."""
    from fenas_lang import __version__

    codes = sorted({d.code for d in diagnostics})
    driver = {
        "name": "fenasc",
        "version": __version__,
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(d, codes.index(d.code)) for d in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    rule = all_rules()[code]
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message + hint},
    }
    if diagnostic.source is not None:
        location: dict[str, Any] = {
            "artifactLocation": {"uri": diagnostic.path},
            "region": _region(diagnostic),
        }
        result["locations"] = [{"physicalLocation": location}]
        if diagnostic.fix:
            result["fixes"] = [_fix(diagnostic)]
    return result


def _region(diagnostic: Diagnostic) -> dict[str, int]:
    (line, column), (end_line, end_column) = diagnostic.start, diagnostic.end
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _fix(diagnostic: Diagnostic) -> dict[str, Any]:
    fix = diagnostic.fix
    assert fix is not None
    region = {"charOffset": fix.start, "charLength": fix.end - fix.start}
    replacement = {"deletedRegion": region, "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": {"uri": diagnostic.path}, "replacements": [replacement]}
    return {"description": {"text": diagnostic.hint or "fix"}, "artifactChanges": [change]}
