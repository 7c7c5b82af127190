"""Texts to try the front end with: `make_text(seed, index)` gives the same text everywhere."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
WORDS = (
    *("cell", "fn", "in", "without", "bias", "zero", "mean", "gate", "open", "fenas", "enas"),
    *("C", "x", "h_prev", "c_prev", "h", "c", "a", "b", "h_1", "n__1", "n_", "lerp", "first"),
    *("tanh", "relu", "sigmoid", "identity", "add", "sub", "mul", "tanh_skip", "gelu", "neg"),
    *("@", "@.", "(", ")", "{", "}", ",", ";", "=", "->", "+", "-", "*", ".", "/", "!", "#", "\\"),
    *("0", "1", "0.5", "00.50", "1e3", ".5", "9" * 41, "\n", "\r\n", "\r", "\n\n", "# a comment\n"),
)
SPACES = ("", " ", " ", "\n", "\t")
LINE_ENDS = ("\r\n", "\r", "\n\n", "\f\n", "\v", "\x85", "\u2028", ";", "; \n", " # c\n", "\\\n")
CHARACTERS = (
    "\x00\x01\x1b\x7f\ufeff\u200b\u202e\u0301ßαΩ中🙂𝒽\ud800\udfff\xa0\u3000'\"`\\%{}$\t\r\n"
)


@cache
def valid_texts() -> tuple[str, ...]:
    """Texts that mutation starts from: the conformance corpus and the shipped cells."""
    corpus = sorted((TESTS / "conformance").glob("*.toml"))
    entries = (e for path in corpus for e in tomllib.loads(path.read_text("utf-8"))["entry"])
    shipped = sorted((TESTS.parent / "cells").glob("*.fen"))
    return (*(entry["text"] for entry in entries), *(f.read_text("utf-8") for f in shipped))


def random_bytes(rng: random.Random) -> str:
    data = rng.randbytes(rng.choice([0, 1, 10, 300]))
    return data.decode(rng.choice(["latin-1", "utf-8", "utf-16-le"]), "replace")


def random_characters(rng: random.Random) -> str:
    return "".join(
        rng.choice(CHARACTERS) if rng.random() < 0.5 else chr(rng.randrange(0x110000))
        for _ in range(rng.randrange(60))
    )


def random_tokens(rng: random.Random) -> str:
    words = (rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randrange(80)))
    text = "".join(words)
    return text if rng.random() < 0.5 else f"cell C(x, h_prev) -> h {{\n{text}\n}}"


def mutated(rng: random.Random) -> str:
    text = rng.choice(valid_texts())
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        text = rng.choice(MUTATIONS)(rng, text)
    return text


def _cut(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.choice([1, 1, 2, 10]) :]


def _insert(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text) + 1)
    return text[:start] + rng.choice([rng.choice(WORDS), rng.choice(CHARACTERS)]) + text[start:]


def _truncate(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _splice(rng: random.Random, text: str) -> str:
    other = rng.choice(valid_texts())
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]


def _shuffle_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    rng.shuffle(lines)
    return "\n".join(lines)


def _unclose(rng: random.Random, text: str) -> str:
    return text.replace(rng.choice("(){}"), rng.choice(["", "(", "}"]), rng.choice([1, 1, -1]))


def _swap_word(rng: random.Random, text: str) -> str:
    return text.replace(rng.choice(WORDS), rng.choice(WORDS), rng.choice([1, -1]))


MUTATIONS = (_cut, _insert, _truncate, _splice, _shuffle_lines, _unclose, _swap_word)


def other_line_ends(rng: random.Random) -> str:
    text = rng.choice(valid_texts()).replace("\n", rng.choice(LINE_ENDS))
    return rng.choice(["", "\ufeff", "\r", "\x00"]) + text


def nested(rng: random.Random) -> str:
    depth = rng.choice([5, 99, 100, 101, 1000, 20000])
    opening, closing = rng.choice(
        [("(", ")"), ("tanh(", ")"), ("tanh(@(", "))"), ("-", ""), ("x + ", ""), ("(x * ", ")")]
    )
    inner = opening * depth + "x" + closing * rng.choice([depth, depth, depth - 1, 0])
    return f"cell C in open (x, h_prev) -> h {{\n    h = {inner}\n}}"


def huge(rng: random.Random) -> str:
    size = rng.choice([200, 4000, 5000])
    lines = (f"n{k} = tanh(@{'x' if not k else f'n{k - 1}'})" for k in range(size))
    return rng.choice(
        [
            f"cell C(x, h_prev) -> n{size - 1} {{ {rng.choice(['; ', chr(10)]).join(lines)} }}",
            f"cell C in open (x, h_prev) -> h {{ h = tanh({', '.join(['@x'] * size)}) }}",
            f"cell C(x, h_prev) -> {'h' * size} {{ {'h' * size} = tanh(@x) }}",
            f"cell C({', '.join(f'x{k}' for k in range(size))}) -> h {{ h = tanh(@x0) }}",
            f"cell C(x, h_prev) -> h {{ h = {' + '.join(['q'] * size)} }}",
            "cell C(x, h_prev) -> h { h = tanh(@x) }\n" * size,
            "".join(
                f"fn f{k}(a) = tanh(a) * {f'f{k - 1}(a)' if k else 'a'}\n" for k in range(size)
            ),
            "#" * size * 60,
            "\n" * size * 60,
            "(" * size,
            "}{)(" * size,
        ]
    )


def grammatical(rng: random.Random) -> str:
    """A text that follows the grammar, whatever it means."""
    nodes = [f"n{k} = {_expression(rng, rng.randrange(6), k)}" for k in range(rng.randrange(1, 8))]
    space = rng.choice(["", " in open ", " in fenas "])
    bias = rng.choice(["", " without bias"])
    body = rng.choice(["\n", "; ", "  # why\n"]).join(nodes)
    return f"# doc\ncell C{space}(x, h_prev) -> n{len(nodes) - 1}{bias} {{ {body}\n}}"


def _expression(rng: random.Random, depth: int, known: int) -> str:
    def inner() -> str:
        return _expression(rng, depth - 1, known)

    if depth <= 0:
        return rng.choice(["x", "h_prev", *(f"n{k}" for k in range(known)), "0.50", "zero"])
    match rng.randrange(7):
        case 0:
            return f"({inner()})"
        case 1:
            return f"-{inner()}"
        case 2 | 3:
            return f"{inner()} {rng.choice('+-*')} {inner()}"
        case 4:
            return f"{rng.choice(['add', 'sub', 'mul'])}({inner()}, {inner()})"
        case 5:
            return f"{rng.choice(['tanh_skip', 'mean', 'silu'])}({inner()}, {inner()})"
    marks = (
        rng.choice(["@({})", "@.({})", "{}"]).format(inner()) for _ in range(rng.randrange(1, 4))
    )
    return f"{rng.choice(['tanh', 'relu', 'sigmoid', 'identity'])}({', '.join(marks)})"


# The deep and the huge take a hundred times as long as the others, and soon repeat themselves.
KINDS: dict[Callable[[random.Random], str], int] = {
    random_bytes: 100,
    random_characters: 100,
    random_tokens: 250,
    mutated: 800,
    other_line_ends: 150,
    nested: 10,
    huge: 4,
    grammatical: 500,
}


def make_text(seed: int, index: int) -> str:
    rng = random.Random(f"{seed}/{index}")
    (kind,) = rng.choices(list(KINDS), weights=list(KINDS.values()))
    return kind(rng)
