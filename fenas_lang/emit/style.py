"""How a drawing looks: one row an element, in a light and a dark version (a style sheet in SVG).

Kinds differ in shape, width and dashes as well as in colour, so that grey print and colour-blind
readers lose nothing.
"""

from __future__ import annotations

MATHS = '"STIX Two Text", "Latin Modern Roman", "Times New Roman", Times, serif'
WORDS = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif'

TEXTS = {
    "text": f"font-family: {WORDS}; text-anchor: middle; stroke: none",
    ".label": "font-size: 13px",
    ".operation .label": "font-size: 17px",
    ".input .label, .output .label": f"font-family: {MATHS}; font-style: italic; font-size: 19px",
    ".time": "font-size: 12px",
    ".name": "font-size: 10.5px",
    ".sign": "font-size: 15px; font-weight: bold",
    ".halo": "paint-order: stroke; stroke-width: 3.5; stroke-linejoin: round",
    ".key": "font-size: 11px; text-anchor: start",
}
LINES = {
    ".shape": "stroke-width: 1.2",
    ".inner": "stroke-width: 0.8; fill: none",
    ".line": "fill: none; stroke-width: 1.2",
    ".weighted .line, .elementwise .line": "stroke-width: 2.2",
    ".elementwise .line": "stroke-dasharray: 5 3",
    ".plain .head, .result .head": "fill: none; stroke-width: 1.2",
    ".elementwise .head": "stroke-width: 1.4",
    ".dead": "opacity: 0.42",
    ".dead .shape": "stroke-dasharray: 3 2.5",
}
COLOURS: dict[str, tuple[str, str, str]] = {
    ".paper": ("fill", "#ffffff", "#14171c"),
    "text": ("fill", "#1a1d21", "#eceff3"),
    ".name, .key": ("fill", "#5a6069", "#a6afba"),
    ".shape, .inner": ("stroke", "#3a3f47", "#b9c1cc"),
    ".operation .shape": ("fill", "#ffffff", "#1d2229"),
    ".function .shape": ("fill", "#e6f0fa", "#1d3247"),
    ".gate .shape": ("fill", "#fdefc8", "#4a3a10"),
    ".skip .shape": ("fill", "#f2e5f3", "#40264a"),
    ".mean .shape": ("fill", "#ececec", "#2f343b"),
    ".weighted .line, .weighted .head": ("stroke", "#c4441a", "#ff9166"),
    ".weighted .head": ("fill", "#c4441a", "#ff9166"),
    ".elementwise .line, .elementwise .head": ("stroke", "#c4441a", "#ff9166"),
    ".elementwise .head": ("fill", "#ffffff", "#14171c"),
    ".plain .line, .plain .head": ("stroke", "#1c8262", "#5cc9a3"),
    ".result .line, .result .head": ("stroke", "#3a3f47", "#b9c1cc"),
    ".halo": ("stroke", "#ffffff", "#14171c"),
}


INK, OUTLINE = COLOURS["text"][1], COLOURS[".shape, .inner"][1]


def fill_of(role: str) -> str:
    """The light colour inside a mark."""
    return COLOURS[f".{role} .shape"][1]


def colour_of(kind: str) -> str:
    """The light colour of an arrow."""
    return COLOURS[f".{kind} .line, .{kind} .head"][1]


def style_sheet(root: str) -> str:
    """The CSS, every selector under the class `root` so that it touches nothing else in a page."""
    shapes = [_rule(root, s, body) for s, body in (TEXTS | LINES).items()]
    light = [_rule(root, s, f"{p}: {colour}") for s, (p, colour, _) in COLOURS.items()]
    dark = [_rule(root, s, f"{p}: {colour}") for s, (p, _, colour) in COLOURS.items()]
    return "\n".join(
        [*shapes, *light, "@media (prefers-color-scheme: dark) {", *(f"  {r}" for r in dark), "}"]
    )


def _rule(root: str, selectors: str, body: str) -> str:
    scoped = ", ".join(f".{root} {selector}" for selector in selectors.split(", "))
    return f"{scoped} {{ {body} }}"
