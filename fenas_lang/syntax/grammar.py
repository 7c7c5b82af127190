"""The Lark parser of `fen.lark`: made once a process, its tables cached between processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import platformdirs
from lark import Lark, Token

from fenas_lang.source import SourceFile
from fenas_lang.syntax.tree import TreeBuilder

_current = threading.local()


class _Dispatch:
    """The callbacks that Lark binds once; each goes to the tree builder of the parse under way."""

    def __getattr__(self, rule: str) -> Any:
        if not hasattr(TreeBuilder, rule):
            raise AttributeError(rule)
        return lambda children: getattr(_current.builder, rule)(children)


class _KeepAll:
    """No change to the tokens, but these types stay though no rule of the grammar names them."""

    always_accept = ("_NL", "BAD", "COMMENT")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def grammars() -> Traversable:
    """The folder `grammars/`, which is the package `fenas_lang.grammars` once installed."""
    return files("fenas_lang.grammars")


def resource(name: str) -> str:
    """The text of a file in `grammars/`."""
    return (grammars() / name).read_text(encoding="utf-8")


def table_cache(name: str) -> str | bool:
    """Where Lark may keep its parse tables; False where nothing can be written."""
    folder = Path(platformdirs.user_cache_dir("fenas_lang"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return str(folder / name) if os.access(folder, os.W_OK) else False


@cache
def grammar() -> Lark:
    """The parser, its tables read from the cache where they are there."""
    return Lark(
        resource("fen.lark"),
        parser="lalr",
        lexer="basic",
        postlex=_KeepAll(),
        maybe_placeholders=False,
        transformer=_Dispatch(),
        cache=table_cache("fen.tables"),
    )


class Automaton:
    """An LALR automaton at work on one text: it is fed tokens, and can go back to a snapshot."""

    def __init__(self, source: SourceFile):
        self.builder = TreeBuilder(source)
        self._parser = grammar().parse_interactive(source.text)
        self._state = self._parser.parser_state

    def tokens(self) -> list[Token]:
        return list(self._parser.lexer_thread.lex(self._state))  # type: ignore[no-untyped-call]

    def feed(self, token: Token) -> Any:
        """Shift one token; raises lark's UnexpectedToken where the grammar has no place for it."""
        _current.builder = self.builder
        return self._state.feed_token(token, token.type == "$END")

    def snapshot(self) -> tuple[list[Any], list[Any]]:
        return list(self._state.state_stack), list(self._state.value_stack)

    def restore(self, snapshot: tuple[list[Any], list[Any]]) -> None:
        self._state.state_stack[:] = snapshot[0]
        self._state.value_stack[:] = snapshot[1]

    def accepts(self) -> set[str]:
        """Terminals that could come next."""
        accepted: set[str] = self._parser.accepts()  # type: ignore[no-untyped-call]
        return accepted
