"""What the grammar wanted and what it found, in the user's words."""

from __future__ import annotations

from collections.abc import Set

from lark import Token

SIGNS = {
    "ARROW": "`->`",
    "EQUAL": "`=`",
    "LPAREN": "`(`",
    "RPAREN": "`)`",
    "LBRACE": "`{`",
    "COMMA": "`,`",
}
PLACES = {
    "top": "`cell` or `fn`",
    "block": "`name = expression` or `}`",
}


def explain(accepted: Set[str], token: Token, where: str) -> tuple[str, str, str | None]:
    """(what was expected, what was found, a hint or None) for a token that does not fit."""
    return _expected(accepted, where), found(token), _hint(accepted, token)


def _expected(accepted: Set[str], where: str) -> str:
    if "NUMBER" in accepted:
        return "an expression"
    wanted = [SIGNS[kind] for kind in SIGNS if kind in accepted]
    if "PLUS" in accepted:
        wanted = [sign for sign in wanted if sign != SIGNS["LPAREN"]]
        wanted.insert(0, "an operator")
    elif "NAME" in accepted and where in PLACES:
        return PLACES[where]
    elif "NAME" in accepted:
        wanted.insert(0, "a name")
    if "_NL" in accepted and where == "block":
        wanted.append("the end of the line")
    if not wanted:
        wanted = [PLACES.get(where, "`without bias`")]
    return alternatives(wanted)


def alternatives(words: list[str]) -> str:
    """A list in words: `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def found(token: Token) -> str:
    """How a message calls the token that does not fit."""
    named = {"$END": "the end of the file", "_NL": "the end of the line"}
    shown = str(token) if len(token) <= 40 else f"{token[:37]}…"
    return named.get(token.type, f"`{shown}`")


def _hint(accepted: Set[str], token: Token) -> str | None:
    if token.type == "NAME" and {"COMMA", "RPAREN"} <= accepted:
        return "is a `,` missing?"
    if token.type == "AT" and {"COMMA", "RPAREN"} <= accepted:
        return "is a `,` missing before the `@`?"
    if token.type == "EQUAL" and "RPAREN" in accepted:
        return "arguments have no names"
    return None
