"""Lines of emitted Python, laid out as `ruff format` and `black` would with their default width.

What does not fit a line has one item a line and a comma behind the last, which a formatter keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WIDTH = 88


def fits(line: str) -> bool:
    return len(line) <= WIDTH


def bracketed(indent: str, head: str, items: Sequence[str], tail: str) -> list[str]:
    """`head item, item tail`, where head ends in an opening bracket that tail closes."""
    line = f"{indent}{head}{', '.join(items)}{tail}"
    if fits(line):
        return [line]
    return [f"{indent}{head}", *(f"{indent}    {item}," for item in items), f"{indent}{tail}"]


def unpacked(indent: str, names: Sequence[str], value: str) -> list[str]:
    """`names = value`, for several names."""
    line = f"{indent}{', '.join(names)} = {value}"
    return [line] if fits(line) else bracketed(indent, "(", names, f") = {value}")


def tuple_display(names: Sequence[str]) -> str:
    """The names as a tuple, on one line."""
    if not names:
        return "()"
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


def returned(indent: str, names: Sequence[str]) -> list[str]:
    """`return` of a tuple of names."""
    bare = f"{indent}return {', '.join(names)}"
    if len(names) > 1 and fits(bare):
        return [bare]
    if len(names) == 1:
        return [f"{indent}return {tuple_display(names)}"]
    return bracketed(indent, "return (", names, ")")


def quoted(names: Iterable[str | None]) -> list[str]:
    """Names as string literals; None stays itself."""
    return ["None" if name is None else f'"{name}"' for name in names]
