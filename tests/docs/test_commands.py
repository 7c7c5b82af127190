"""The commands of the README, but for the long ones, typed in turn in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONG = ("evolve", "status", "resume", "report", "best", "export", "experiment")


def commands() -> list[str]:
    """Lines that begin with `$`, in order, without their comments."""
    blocks = FENCE.findall((ROOT / "README.md").read_text("utf-8"))
    joined = (block.replace("\\\n", " ") for block in blocks)
    return [line[2:] for block in joined for line in block.splitlines() if line[:2] == "$ "]


def words(command: str) -> list[str]:
    """A command's words, without the comment behind it."""
    return shlex.split(command, comments=True)


def test_the_readme_has_them_all() -> None:
    mentioned = {words(command)[1] for command in commands()}
    assert {"check", "fmt", "compile", "analyze", "explain", "evolve", "resume"} <= mentioned


def test_each_does_what_the_readme_says(tmp_path: Path) -> None:
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"]}
    for command in commands():
        if words(command)[1] in LONG:
            continue
        ran = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, command + "\n" + ran.stderr
    assert "class GRU" in (tmp_path / "mine.py").read_text()


@pytest.mark.parametrize("command", [c for c in commands() if words(c)[1] in LONG])
def test_the_long_ones_have_known_words(command: str) -> None:
    program, name, *rest = words(command)
    shown = subprocess.run(
        [sys.executable, "-m", "fenas_lang", name, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert shown.returncode == 0
    assert program == "fenasc"
    for option in (word for word in rest if word.startswith("-")):
        assert re.search(rf"(^|[\s,]){re.escape(option)}\b", shown.stdout), option
