"""The built wheel holds everything, and works where the checkout is not in sight."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAPPED = {"grammars": "fenas_lang/grammars", "cells": "fenas_lang/cells"}


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module", params=["cc", "no-compiler-has-this-name"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is written into the checkout; by a compiler, and by none.

    What was compiled in place is no part of the copy.
    """
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    names = ["fenas_lang", *MAPPED, "pyproject.toml", "setup.py", "README.md", "LICENSE"]
    assert run("cp", "-r", *(ROOT / name for name in names), source).returncode == 0
    for compiled in source.rglob("*.so"):
        compiled.unlink()
    made = run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, source),
        env={**os.environ, "CC": request.param},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (file,) = built.glob("*.whl")
    return file


def test_every_source_file_is_in_it(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {p.relative_to(ROOT).as_posix() for p in (ROOT / "fenas_lang").rglob("*.py")}
    for folder, package in MAPPED.items():
        files = (ROOT / folder).glob("*.*")
        wanted |= {f"{package}/{p.name}" for p in files if p.suffix in (".py", ".fen", ".lark")}
        wanted |= {f"{package}/{p.name}" for p in (ROOT / folder).glob("*.space")}
    assert wanted | {"fenas_lang/py.typed"} <= held


def test_it_works_when_installed(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    installed = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel)
    )
    assert installed.returncode == 0, installed.stderr
    environment = {**os.environ, "PYTHONPATH": str(target)}
    where = run(
        *(sys.executable, "-c", "import fenas_lang; print(fenas_lang.__file__)"),
        cwd=tmp_path,
        env=environment,
    )
    assert where.stdout.startswith(str(target))
    kernel = any("_kernel" in name for name in zipfile.ZipFile(wheel).namelist())
    asked = "import fenas_lang; print(fenas_lang.compile('gru.fen', 3, 4).backend)"
    backend = run(sys.executable, "-c", asked, cwd=tmp_path, env=environment)
    assert backend.stdout.strip() == ("native" if kernel else "torch"), backend.stderr
    for words in (["check", "gru.fen"], ["compile", "enas.fen"], ["spaces"]):
        ran = run(sys.executable, "-m", "fenas_lang", *words, cwd=tmp_path, env=environment)
        assert ran.returncode == 0, ran.stderr


def test_the_editable_install_is_this_checkout() -> None:
    where = run(
        *(sys.executable, "-c", "import fenas_lang; print(fenas_lang.__file__)"), cwd=ROOT.anchor
    )
    assert where.stdout.strip() == str(ROOT / "fenas_lang" / "__init__.py")
