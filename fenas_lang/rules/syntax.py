"""Diagnostics of the parser: FEN001 to FEN011."""

from fenas_lang.rules import Rule

_GOOD = """
cell RNN(x, h_prev) -> h {
    h = tanh(@x, @h_prev)
}
"""

BAD_CHARACTER = Rule(
    "FEN001",
    "a character that the language does not have",
    "{characters} has no place here",
    "A cell is written in plain ASCII letters, digits, `_` and the signs `( ) { } , ; = + - * @ "
    "# .`. "
    "Anything may stand in a comment, after `#`.",
    bad="cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_prev) ! fast\n}",
    good="cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_prev)  # fast!\n}",
    hint="{hint}",
)
UNEXPECTED = Rule(
    "FEN002",
    "something else was expected",
    "expected {expected}, but found {found}",
    "The text does not follow the grammar at this place. A cell is a header, "
    "`cell NAME(x, h_prev) -> h`, and one `name = expression` a line between `{` and `}`.",
    bad="cell RNN(x, h_prev) -> h {\n    h = tanh(@x @h_prev)\n}",
    good=_GOOD,
    hint="{hint}",
)
UNCLOSED = Rule(
    "FEN003",
    "a parenthesis or brace that is never closed",
    "this `{bracket}` is never closed",
    "Every `(` needs its `)`, and every `{` its `}`. Inside parentheses line ends mean nothing, so "
    "the parser looks for a line that starts with `NAME =` to go on.",
    bad="cell RNN(x, h_prev) -> h {\n    a = tanh(@x, @h_prev\n    h = identity(a)\n}",
    good="cell RNN(x, h_prev) -> h {\n    a = tanh(@x, @h_prev)\n    h = identity(a)\n}",
    hint="add `{closing}`",
)
KEYWORD = Rule(
    "FEN004",
    "a reserved word where a name is needed",
    "`{word}` is a reserved word of the language and cannot be a name",
    "`cell fn in without bias` begin or belong to the parts of a file; call the node something "
    "else.",
    bad="cell RNN(x, h_prev) -> h {\n    bias = tanh(@x)\n    h = bias + h_prev\n}",
    good="cell RNN(x, h_prev) -> h {\n    offset = tanh(@x)\n    h = offset + h_prev\n}",
    hint="choose another name, for example `{word}_1`",
)
TOO_DEEP = Rule(
    "FEN005",
    "an expression that nests too deep",
    "this expression nests more than {limit} deep",
    "Expressions may nest 100 deep, and `a + b + c + …` counts one for every operator. "
    "Give inner parts names of their own.",
    bad="cell Deep(x, h_prev) -> h {\n    h = " + "-" * 101 + "x\n}",
    good="cell Shallow(x, h_prev) -> h {\n    a = x + h_prev\n    h = a + x\n}",
    hint="split it into several named nodes",
)
TOO_LARGE = Rule(
    "FEN006",
    "a file that is too large",
    "this file has {size:,} characters; at most {limit:,} are read",
    "A cell of 4,096 nodes, the most there may be, fits well into the limit. Split a file of many "
    "cells into several.",
    bad="fenasc check huge.fen",
    good="fenasc check part1.fen part2.fen",
    hint="split it into several files",
    language="text",
)
BAD_NUMBER = Rule(
    "FEN007",
    "a number that is not written as an exact decimal",
    "numbers are exact decimals, written like `0.5` or `12`",
    "A number starts with a digit and has no exponent, so that it means the same everywhere. "
    "It has at most {limit} digits.".replace("{limit}", "40"),
    bad="cell Leaky in open (x, h_prev) -> h {\n    h = 1e1*h_prev + tanh(@x)\n}",
    good="cell Leaky in open (x, h_prev) -> h {\n    h = 0.1*h_prev + tanh(@x)\n}",
    hint="{hint}",
)
WEIGHTED_CALL = Rule(
    "FEN008",
    "`@` right before a function",
    "`@` stands before a name or a parenthesised expression, not before `{function}`",
    "`@a` is a learned matrix times the node a. A function's value is an unnamed node: put "
    "parentheses around it.",
    bad="cell Two(x, h_prev) -> h {\n    h = tanh(@sigmoid(@x), @h_prev)\n}",
    good="cell Two(x, h_prev) -> h {\n    h = tanh(@(sigmoid(@x)), @h_prev)\n}",
    hint="write `@({function}(…))`",
)
NO_CELL = Rule(
    "FEN009",
    "a file without a cell",
    "there is no cell in this file",
    "A .fen file defines at least one cell.",
    bad="# nothing but a comment",
    good=_GOOD,
    hint="begin with `cell NAME(x, h_prev) -> h {{`",
)
UNMATCHED = Rule(
    "FEN010",
    "a closing bracket without an opening one",
    "this `{bracket}` closes nothing",
    "A `)` or `}` stands where none was open.",
    bad="cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_prev)\n}\n}",
    good=_GOOD,
    hint="remove it",
)
NOT_UTF8 = Rule(
    "FEN011",
    "a file that is not text",
    "`{path}` is not UTF-8 text: byte {offset} is 0x{byte:02x}",
    "Cells and spaces are UTF-8 text files.",
    bad="fenasc check photo.png",
    good="fenasc check gru.fen",
    hint="is this a .fen file?",
    language="text",
)
