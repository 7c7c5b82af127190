"""A found cell as files: its text with its lineage, its PyTorch module, its picture, its weights,
and a model card."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit
from fenas_lang.search.card import model_card
from fenas_lang.search.lineage import documented
from fenas_lang.search.result import Result
from fenas_lang.search.weights import NoWeights, Trained, trained
from fenas_lang.spaces.reader import load_space, shipped_spaces


def documents(result: Result) -> tuple[dict[str, str], list[str]]:
    """Texts by file name, and why some are missing (a picture needs Graphviz).

    A space that does not come with the package, or says something else there, is put beside the
    cell, where its name is looked up first.
    """
    cell = documented(result)
    texts = {"best.fen": str(cell), "best.py": emit(cell, "torch", result.space)}
    name = result.space.name
    if name not in shipped_spaces() or load_space(name) != result.space:
        texts[f"{name}.space"] = result.settings.space
    try:
        texts["best.svg"] = emit(cell, "svg", result.space)
    except FenError as error:
        return texts, [f"no best.svg: {d.message}" for d in error.diagnostics]
    return texts, []


def weights_and_card(
    result: Result, *, weights: bool = True, data: str | Path | None = None
) -> tuple[dict[str, str | bytes], list[str]]:
    """`best.md` and, unless `weights` is false, `best.safetensors`; and why that is missing.

    The weights cost one training; see `fenas_lang.search.weights`.
    """
    files: dict[str, str | bytes] = {}
    missing: list[str] = []
    found: Trained | None = None
    try:
        if weights:
            found = trained(result, data)
            files["best.safetensors"] = found.as_safetensors(result)
    except NoWeights as reason:
        missing.append(f"no best.safetensors: {reason}")
    except ModuleNotFoundError:
        found = None
        missing.append("no best.safetensors: pip install 'fenas-lang[search]' brings what it needs")
    version = importlib.metadata.version("fenas-lang")
    return {**files, "best.md": model_card(result, found, version)}, missing
