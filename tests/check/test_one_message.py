"""One mistake gives one message, in its place, and a fix that is offered mends it."""

from __future__ import annotations

import pytest

from fenas_lang.check.check import check_text
from fenas_lang.diagnostics import Diagnostic, Fix


def cell(*lines: str, header: str = "cell C in open (x, s) -> h {") -> str:
    return "\n".join([header, *lines, "}"])


def chain(length: int) -> str:
    """Functions that each call the one before; the deepest expressions nest `length` deep twice."""
    calls = (f"fn f{k}(a) = f{k - 1}(a) * a\n" for k in range(1, length))
    return "fn f0(a) = a * a\n" + "".join(calls)


ONE_MISTAKE = {
    "a function that nests too deep, and those that call it": chain(60) + cell("h = f59(x)"),
    "a function with a wrong name": "fn f(a) = q * a\nfn g(a) = f(a) * a\n" + cell("h = g(x)"),
    "a function that does not parse": "fn f(a) = ?\nfn g(a) = f(a) * a\n" + cell("h = g(x)"),
    "another sign of assignment": cell("h := x * x"),
    "an index": cell("h[0] = x * x"),
    "two names": cell("a, h = x * x"),
    "a line end before the equals sign": cell("h", "  = x * x"),
    "braces in an expression": cell("h = {x * x}"),
    "a parenthesis open at a semicolon": cell("a = tanh(@x, @s; h = a * x"),
    "a misplaced weight right before a call": cell("h = @sigmoid(x)"),
    "a line without an assignment": cell("tanh(@x, @s)", "h = x * x"),
    "a line that begins with a parameter": cell("x * s", "h = x * x"),
}


@pytest.mark.parametrize("text", ONE_MISTAKE.values(), ids=ONE_MISTAKE)
def test_one_mistake_gives_one_message(text: str) -> None:
    assert len(check_text(text)) == 1, [str(d) for d in check_text(text)]


def test_a_literal_cannot_be_an_argument_of_a_skip() -> None:
    for argument in ("1", "-0.5", "@1"):
        (only,) = check_text(cell(f"h = tanh_skip({argument}, x)"))
        assert only.code == "FEN034"


def test_a_literal_that_comes_into_a_skip_is_reported_at_the_call() -> None:
    text = "fn f(a, b) = tanh_skip(a, b)\n" + cell("h = f(1, x)")
    (only,) = check_text(text)
    assert (only.code, only.start) == ("FEN034", (3, 5))


def test_a_zero_that_comes_to_stand_behind_a_weight_is_reported_at_the_call() -> None:
    text = "fn f(a) = tanh(@a)\n" + cell("h = f(zero)")
    (only,) = check_text(text)
    assert (only.code, only.start) == ("FEN033", (3, 5))


def applied(text: str, diagnostic: Diagnostic) -> str:
    assert isinstance(diagnostic.fix, Fix)
    return text[: diagnostic.fix.start] + diagnostic.fix.text + text[diagnostic.fix.end :]


@pytest.mark.parametrize("value", ["tanh(@(@x))", "(@x) * s", "tanh(@(@x), @s)", "-(@x)"])
def test_the_fix_of_a_weight_in_parentheses_mends_it(value: str) -> None:
    text = cell(f"h = {value}")
    (only,) = check_text(text)
    assert check_text(applied(text, only)) == []


def test_only_a_node_that_reads_itself_is_told_so() -> None:
    (itself,) = check_text(cell("h = h * x"))
    (later,) = check_text(cell("h = a * x; a = x * x"))
    assert "cannot read itself" in str(itself)
    assert "move the line" in str(later)


@pytest.mark.timeout(60)
def test_hostile_texts_take_no_quadratic_time() -> None:
    comments = "# a\n" * 60_000
    names = "\n".join(f"node_number_{k} = node_numbr_{k} * s" for k in range(5000))
    for text in (cell(f"h = tanh(@x{comments})"), cell(names, "h = x * x")):
        assert len(check_text(text)) <= 50
