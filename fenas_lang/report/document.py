"""HTML as a tree of elements: all text goes in as text, so that nothing in it can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as xml
from xml.etree.ElementTree import Element, SubElement

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    "\ufffe\uffff]"
)
"""What HTML forbids, and what hides or turns round the text beside it."""


def harmless(text: str) -> str:
    """Controls, bidi marks and lone surrogates as `\\u202e`, so that they are seen and do nothing;
    tabs and line ends stay."""
    plain = text.replace("\r\n", "\n")
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A child with a text; `class_` and `aria_label` stand for `class` and `aria-label`."""
    names = {name.rstrip("_").replace("_", "-"): v for name, v in attributes.items()}
    element = SubElement(parent, tag, {name: harmless(value) for name, value in names.items()})
    if text:
        element.text = harmless(text)
    return element


def section(parent: Element, name: str, title: str) -> Element:
    """A section with a heading that names it; `name` is its anchor."""
    element = add(parent, "section", id=name, aria_labelledby=f"{name}-title")
    add(element, "h2", title, id=f"{name}-title")
    return element


def table(parent: Element, head: Sequence[str], rows: Iterable[Sequence[str]], what: str) -> None:
    """A table that scrolls by itself where it is too wide; the first cell of a row heads it."""
    around = add(parent, "div", class_="wide", tabindex="0", role="region", aria_label=what)
    element = add(around, "table")
    header = add(add(element, "thead"), "tr")
    for text in head:
        add(header, "th", text, scope="col")
    body = add(element, "tbody")
    for first, *rest in rows:
        row = add(body, "tr")
        add(row, "th", first, scope="row")
        for text in rest:
            add(row, "td", text)


def folded(parent: Element, summary: str, text: str) -> Element:
    """A text that is shown on a click."""
    details = add(parent, "details")
    add(details, "summary", summary)
    add(details, "pre", text, tabindex="0")
    return details


def graft(parent: Element, drawing: str) -> Element:
    """An SVG drawing of ours as a part of the page, without its style sheet."""
    root = xml.fromstring(drawing)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for style in root.findall("style"):
        root.remove(style)
    parent.append(root)
    return root


def html_text(root: Element) -> str:
    """The whole document."""
    return "<!DOCTYPE html>\n" + xml.tostring(root, encoding="unicode", method="html") + "\n"
