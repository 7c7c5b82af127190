"""The files that the GLUE server takes, by task and split."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fenas_lang.glue_benchmark.specs import OTHER_TEST, SPECS, TEST

TESTS = (TEST, OTHER_TEST)

FILES: Mapping[str, Mapping[str, str]] = {
    name: {split: spec.submission(split) for split in TESTS if split in spec.splits}
    for name, spec in SPECS.items()
}


def missing(folder: Path, tasks: Sequence[str]) -> list[str]:
    """Files that a submission still lacks."""
    names = [name for task in tasks for name in FILES[task].values()]
    return [name for name in names if not (folder / name).is_file()]


def packed(folder: Path) -> Path:
    """A zip of all its files, beside it; the same files, the same bytes."""
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.tsv")):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
    return path
