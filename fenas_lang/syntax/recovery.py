"""Where a parse goes on after a mistake, and what it keeps of what it could not read.

It resumes at a line end, `;`, `}`, `cell` or `fn`, and inside an unclosed parenthesis at a line
that starts with `NAME =`.  A statement that could not be read leaves its name with a `Hole`, and a
header that could not be read a cell that is thrown away once its block is read, so that one mistake
gives one message.
"""

from __future__ import annotations

from itertools import pairwise

from lark import Token
from lark.exceptions import UnexpectedToken

from fenas_lang.syntax.driver import Driver

SYNTHETIC_HEADER = (
    ("CELL", "cell"),
    ("NAME", "broken"),
    ("LPAREN", "("),
    ("RPAREN", ")"),
    ("ARROW", "->"),
    ("NAME", "broken"),
)


def recover(driver: Driver) -> None:
    """Bring the automaton to the next place where it can go on."""
    resume = {
        "block": resume_statement,
        "cell": _resume_header,
        "fn": _resume_function,
        "top": _resume_item,
    }
    where, failed_at, start = driver.where, driver.index, driver.start
    resume[where](driver)
    driver.parens.clear()
    if driver.index == failed_at == start and where in ("top", "fn"):
        driver.index += 1


def resume_statement(driver: Driver) -> None:
    """Leave out a statement; the name that it defines keeps a `Hole`."""
    start = driver.next(driver.start)
    _skip_line(driver)
    driver.automaton.restore(driver.line_state)
    name = _defined(driver, start)
    if name is None:
        return
    last = driver.raw[max(driver.index - 1, start)]
    equal = Token("EQUAL", "=", start_pos=name.end_pos, end_pos=name.end_pos)
    hole = Token("HOLE", "", start_pos=name.end_pos, end_pos=last.end_pos)
    for token in (name, equal, hole):
        driver.automaton.feed(token)


def _defined(driver: Driver, start: int) -> Token | None:
    """The name that a statement was meant to define: before its `=`, else what it begins with."""
    tokens = driver.raw[start : driver.index]
    named = (a for a, b in pairwise(tokens) if b.type == "EQUAL")
    candidates = [token for token in (next(named, None), *tokens[:1]) if token is not None]
    return next((token for token in candidates if token.type == "NAME"), None)


def _skip_line(driver: Driver) -> None:
    """To the token that ends this statement, which stays.

    Where a line ended too early, the lines that go on with it belong to the statement.
    """
    depth, braces = len(driver.parens), 0
    early = driver.kind(driver.index) == "_NL"
    while driver.more:
        kind = driver.kind(driver.index)
        if driver.starts_item(driver.index) or (kind == "RBRACE" and not braces):
            return
        inside = depth or (early and kind == "_NL")
        ends = kind in ("_NL", "SEMICOLON")
        if ends and (not inside or driver.starts_statement(driver.index + 1)):
            return
        depth = max(0, depth + (kind == "LPAREN") - (kind == "RPAREN"))
        braces += (kind == "LBRACE") - (kind == "RBRACE")
        driver.pass_over()


def _resume_header(driver: Driver) -> None:
    """Read the block of a cell whose header is wrong, for the mistakes in it."""
    while driver.more:
        index, kind = driver.index, driver.kind(driver.index)
        at_statement = kind in ("_NL", "NAME") and driver.starts_statement(index)
        if at_statement or kind == "LBRACE":
            _synthetic_header(driver)
            return
        if driver.starts_item(index) and index > driver.start:
            break
        driver.pass_over()
    driver.automaton.restore(driver.item_state)
    driver.where = "top"


def _synthetic_header(driver: Driver) -> None:
    """Open a block as if a header had been read; at a `{`, take it."""
    here = driver.raw[driver.index]
    start = driver.raw[driver.start] if driver.start < len(driver.raw) else here
    driver.automaton.restore(driver.item_state)
    for kind, text in SYNTHETIC_HEADER:
        token = Token(kind, text, start_pos=start.start_pos, end_pos=start.end_pos)
        driver.automaton.feed(token)
    brace = Token("LBRACE", "{", start_pos=here.start_pos, end_pos=here.end_pos)
    driver.automaton.feed(brace)
    driver.broken_cells.add(brace.start_pos or 0)
    driver.parens.clear()
    if here.type == "LBRACE":
        driver.index += 1
    driver.open_block(brace)


def _resume_function(driver: Driver) -> None:
    name = driver.next(driver.start) + 1
    if driver.kind(name) == "NAME":
        driver.broken_functions.add(str(driver.raw[name]))
    _skip_line(driver)
    driver.automaton.restore(driver.item_state)
    driver.where = "top"


def _resume_item(driver: Driver) -> None:
    driver.automaton.restore(driver.item_state)
    while driver.more and not driver.starts_item(driver.index):
        driver.pass_over()
    driver.start = driver.index


def end_block(driver: Driver, offset: int) -> None:
    """Close the block under way at an offset, as if a `}` stood there."""
    closing = Token("RBRACE", "}", start_pos=offset, end_pos=offset)
    try:
        driver.automaton.feed(closing)
    except UnexpectedToken:
        resume_statement(driver)
        driver.automaton.feed(closing)
    driver.leave_block()
