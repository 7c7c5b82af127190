"""docs/glue.md: its tables are the code's, and its commands run on made-up files."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import made_up_glue
import pytest

from fenas_lang import tasks
from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.tasks.sentences import SentenceSettings

TEXT = (Path(__file__).parents[2] / "docs" / "glue.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows() -> dict[str, list[str]]:
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(TEXT)}


def commands() -> list[list[str]]:
    text = "\n".join(SHELL.findall(TEXT)).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines() if line]


@pytest.mark.parametrize("name", SPECS)
def test_the_table_of_tasks(name: str) -> None:
    _, size, metric, *_, vocabulary = rows()[name]
    spec = SPECS[name]
    assert f"{spec.rows:,}" == size and f"{spec.vocabulary:,}" == vocabulary
    assert metric.split("`")[1] == tasks.kind(name).metric


def test_the_table_of_settings() -> None:
    described = SentenceSettings.described()
    assert set(described) <= set(rows())
    for name, setting in described.items():
        default, stage1, stage2, small = rows()[name]
        assert default.strip("`").split(":")[0] == f"{setting.default}".removesuffix(".0")
        presets = tasks.kind("stsb").presets
        for shown, preset in ((stage1, "stage1"), (stage2, "stage2"), (small, "small")):
            value = presets[preset].settings.get(name)
            said = shown.split(";")[0].split(" of ")[0].strip("`").replace(",", "")
            if value is not None:
                assert said == str(value), (name, preset)
            elif "of QQP" not in shown:
                assert said == "", (name, preset)


@pytest.mark.slow
@pytest.mark.parametrize("words", [c for c in commands() if c[1] == "evolve"])
def test_searches_run(words: list[str], tmp_path: Path) -> None:
    made_up_glue.write(tmp_path / "glue")
    ran = subprocess.run(
        [sys.executable, "-m", "fenas_lang", *words[1:]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / words[words.index("--store") + 1]).is_file()
