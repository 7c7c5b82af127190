"""The floors of the house: who may import whom, and what a light command must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fenas_lang

FLOORS = (
    ("source", "registry", "lock"),
    ("diagnostics",),
    ("rules",),
    ("hub",),
    ("syntax",),
    ("primitives",),
    ("functions",),
    ("spaces",),
    ("check",),
    ("ir",),
    ("proof",),
    ("passes",),
    ("plan",),
    ("analysis",),
    ("emit",),
    ("engine",),
    ("importers",),
    ("pools",),
    ("glue_benchmark",),
    ("language_model",),
    ("tasks",),
    ("runs",),
    ("search",),
    ("atlas",),
    ("report",),
    ("bench",),
    ("experiments",),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ROOT = Path(fenas_lang.__file__).parent
HEAVY_FOR_IMPORT = ("torch", "sympy")
HEAVY_FOR_CHECK = ("torch", "sympy", "networkx", "numpy")
MODULES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    """The folder right below the package, or the file there."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Absolute names of all modules that a file imports, wherever in it the import stands."""
    package = ("fenas_lang", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                above = package[: len(package) - node.level + 1] if node.level else ()
                base = ".".join((*above, *([node.module] if node.module else [])))
                yield from (f"{base}.{alias.name}" for alias in node.names)


def rooms_used(path: Path) -> set[str]:
    """Rooms of this package that a file imports from; `__init__` for the public API."""
    parts = [name.split(".") for name in imported(path)]
    inner = [rest[0] if rest else "__init__" for head, *rest in parts if head == "fenas_lang"]
    return {room if room in FLOOR_OF else "__init__" for room in inner}


def test_every_module_has_a_floor() -> None:
    rooms = {path.stem for path in ROOT.glob("*.py")} | {
        path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()
    }
    assert rooms - set(FLOOR_OF) <= {"grammars", "cells"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_what_is_below(path: Path) -> None:
    room = room_of(path)
    used = rooms_used(path) - {room}
    assert {other for other in used if FLOOR_OF[other] >= FLOOR_OF[room]} == set()


@pytest.mark.parametrize(
    "text, names",
    [
        ("def f():\n    import torch.nn\n", ["torch.nn"]),
        ("if TYPE_CHECKING:\n    from fenas_lang.cli import main\n", ["fenas_lang.cli.main"]),
        ("from fenas_lang import emit\n", ["fenas_lang.emit"]),
        ("from . import parse\n", ["fenas_lang.syntax.parse"]),
        ("from ..search.store import Store\n", ["fenas_lang.search.store.Store"]),
    ],
)
def test_the_walk_sees_every_import(
    text: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "syntax").mkdir()
    (tmp_path / "syntax" / "made.py").write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert list(imported(tmp_path / "syntax" / "made.py")) == names


def loaded_after(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of the libraries a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*(n for n in {names!r} if n in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT.parent
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1].split()


def test_importing_the_package_is_light() -> None:
    assert loaded_after("import fenas_lang", HEAVY_FOR_IMPORT) == []


def test_checking_is_light(tmp_path: Path) -> None:
    file = tmp_path / "rnn.fen"
    file.write_text("cell RNN(x, h_prev) -> h { h = tanh(@x, @h_prev) }\n")
    command = (
        "import runpy\n"
        f"sys.argv = ['fenasc', 'check', {str(file)!r}]\n"
        "try:\n    runpy.run_module('fenas_lang', run_name='__main__')\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
    )
    assert loaded_after(command, HEAVY_FOR_CHECK) == []
