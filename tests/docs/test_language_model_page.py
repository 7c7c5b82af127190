"""The page on language models names every setting with its default, and every preset."""

from __future__ import annotations

import re
from pathlib import Path

from fenas_lang.tasks.lm_settings import PRESETS, LanguageModelSettings

PAGE = (Path(__file__).parents[2] / "docs" / "language-model.md").read_text("utf-8")
SETTINGS = PAGE.partition("## Settings")[2].partition("## Presets")[0]
ROW = re.compile(r"^\| (?P<names>`[^|]*`) \| (?P<values>[^|]*) \|", re.MULTILINE)


def test_every_setting_stands_there_with_its_default() -> None:
    shown: dict[str, str] = {}
    for row in ROW.finditer(SETTINGS):
        names = re.findall(r"`(\w+)`", row["names"])
        values = row["values"].strip().split(", ")
        shown |= dict(zip(names, values if len(values) > 1 else values * len(names), strict=True))
    wanted = {n: str(d.default) for n, d in LanguageModelSettings.described().items()}
    assert {n: _plain(shown.get(n, "missing")) for n in wanted} == {
        n: _plain(v) for n, v in wanted.items()
    }


def _plain(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value


def test_every_preset_stands_there() -> None:
    assert [name for name in PRESETS if f"| `{name}` |" not in PAGE] == []
