"""The README opens with a cell, its picture, its module and a message: each is the real one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from fenas_lang.check.check import check_text
from fenas_lang.check.loader import load, shipped
from fenas_lang.cli.render import render

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_cell_is_the_shipped_one() -> None:
    cell, documented = block("fen"), shipped("GRU").text
    assert cell[cell.index("cell ") :] == documented[documented.index("cell ") :]


def test_the_picture_shows_every_node() -> None:
    picture = ET.parse(ROOT / "docs" / "images" / "GRU.svg").getroot()
    words = {
        "".join(text.itertext()).strip() for text in picture.iter() if text.tag.endswith("text")
    }
    assert {node.name for node in load("GRU").nodes} <= words


def test_the_message_is_what_a_typo_gives() -> None:
    text = "cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_pre)\n}\n"
    (diagnostic,) = check_text(text, name="rnn.fen")
    assert block("text").rstrip("\n") == render(diagnostic)
