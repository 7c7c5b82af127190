"""A found cell as files: its text with its lineage, its PyTorch module, its picture."""

from __future__ import annotations

from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit
from fenas_lang.search.lineage import documented
from fenas_lang.search.result import Result
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
