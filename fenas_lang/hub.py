"""Data sets of the Hugging Face hub, or in a directory, as the package `datasets` reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fenas_lang.rules import hub as rules

PREFIX = "hub:"
LOCAL = ("/", "./", "../", "~")
"""Beginnings of a path."""
SAVED = "dataset_dict.json"
"""What a directory written by `DatasetDict.save_to_disk` holds."""

Columns = Mapping[str, list[Any]]


def is_reference(data: Path | str | None) -> bool:
    """Whether data are named as `hub:…`, not as a directory."""
    return str(data).startswith(PREFIX)


def located(data: Path | str) -> str:
    """Where data are, for another process or later: an absolute path, or a name on the hub."""
    if not is_reference(data):
        return str(Path(data).absolute())
    named = str(data).removeprefix(PREFIX)
    local = named.startswith(LOCAL)
    return f"{PREFIX}{Path(named).expanduser().absolute() if local else named}"


def load(reference: Path | str) -> dict[str, Columns]:
    """All splits by name, each as its columns by name; `hub:` before the name may be missing.

    `hub:OWNER/NAME`, `hub:OWNER/NAME/CONFIG`, `hub:NAME/CONFIG`, or a directory in place of
    OWNER/NAME.  Values are those of `datasets`: classes are whole numbers, -1 where unknown.
    Raises FenError: FEN440 without the package, FEN441 for what cannot be loaded.
    """
    named = os.path.expanduser(str(reference).removeprefix(PREFIX))
    try:
        import datasets
    except ImportError as error:
        raise rules.NO_HUB.error(reference=f"{PREFIX}{named}") from error
    if named.startswith(LOCAL) and not any(map(os.path.isdir, (named, os.path.dirname(named)))):
        reason = "there is no such directory"  # or it would be looked for on the hub
        raise rules.NOT_LOADED.error(reference=f"{PREFIX}{named}", reason=reason)
    failures: list[Exception] = []
    for name, config in _readings(named):
        try:
            splits = _splits(datasets, name, config)
            return {split: rows.to_dict() for split, rows in splits.items()}
        except Exception as error:  # of many kinds: the network's, the hub's, the file formats'
            failures.append(error)
            if not isinstance(error, FileNotFoundError):  # it is there, or nothing can be reached
                break
    raise rules.NOT_LOADED.error(reference=f"{PREFIX}{named}", reason=_reason(named, failures[0]))


def _reason(named: str, failure: Exception) -> str:
    reason = " ".join(str(failure).split()) or type(failure).__name__
    if os.path.isdir(named) or not named.startswith(LOCAL):
        return reason
    parent, _, last = named.rpartition("/")
    return f"there is no such directory, and as configuration `{last}` of `{parent}`: {reason}"


def columns(splits: Mapping[str, Columns], split: str, column: str, reference: object) -> list[Any]:
    """One column of one split.  Raises FenError: FEN442, with what there is."""
    if split not in splits:
        wanted, present = f"split `{split}`", list(splits)
    elif column not in splits[split]:
        wanted, present = f"column `{column}` in its split `{split}`", list(splits[split])
    else:
        return splits[split][column]
    listed = ", ".join(f"`{name}`" for name in present)
    raise rules.NO_SUCH_COLUMN.error(reference=reference, wanted=wanted, present=listed)


def _readings(named: str) -> Iterator[tuple[str, str | None]]:
    """What a name may mean, likeliest first: `a/b` is b of the owner a, or configuration b of a."""
    parent, _, last = named.rpartition("/")
    if os.path.isdir(named) or os.path.isdir(parent):
        yield (named, None) if os.path.isdir(named) else (parent, last)
        return
    if named.count("/") < 2:
        yield named, None
    if parent:
        yield parent, last


def _splits(datasets: Any, name: str, config: str | None) -> Any:
    if os.path.isfile(os.path.join(name, SAVED)):
        return datasets.load_from_disk(name)
    return datasets.load_dataset(name, config)
