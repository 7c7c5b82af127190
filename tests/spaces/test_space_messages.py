"""Every mistake in a space file gives one message, at its place; no text gives a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.diagnostics import MAX_DIAGNOSTICS, Diagnostic, FenError
from fenas_lang.rules import Rule, all_rules
from fenas_lang.source import SourceFile
from fenas_lang.spaces.parser import MAX_CHARACTERS
from fenas_lang.spaces.reader import load_space, read_space, shipped_spaces

SPACE_RULES = [rule for rule in all_rules().values() if rule.language == "space"]
TEXTS = [load_space(name).source.text for name in shipped_spaces()]  # type: ignore[union-attr]


def messages(text: str) -> tuple[Diagnostic, ...]:
    try:
        read_space(SourceFile(text))
    except FenError as error:
        return error.diagnostics
    return ()


def only(text: str) -> tuple[str, str, str | None]:
    """(code, text under the mark, hint) of the one message that a text gives."""
    (diagnostic,) = messages(text)
    marked = text[diagnostic.span.start : diagnostic.span.end]
    return diagnostic.code, marked, diagnostic.hint


@pytest.mark.parametrize("rule", SPACE_RULES, ids=lambda rule: rule.code)
def test_examples(rule: Rule) -> None:
    assert [diagnostic.code for diagnostic in messages(rule.bad)] == [rule.code]
    assert messages(rule.good) == ()


@pytest.mark.parametrize(
    "text, code, marked, hint",
    [
        ("space s { stats 1 node add }", "FEN101", "stats", "did you mean `states`?"),
        ("space s { states 1 nodes add }", "FEN101", "nodes", "`sample 1 to 9 nodes`"),
        ("space s { states 1 bias maybe node add }", "FEN100", "maybe", None),
        (
            "space s { states 1 bias optinal node add }",
            "FEN100",
            "optinal",
            "did you mean `optional`?",
        ),
        ("space s { states 1 node add", "FEN100", "", None),
        ("spaces s { states 1 }", "FEN100", "spaces", "did you mean `space`?"),
        ("space { states 1 }", "FEN100", "{", None),
        ("", "FEN100", "", None),
        ("space s { states 1 node add \x00 }", "FEN100", "\x00", None),
        ("cell A(x, h) -> h { h = tanh(@x, @h) }", "FEN100", "cell", None),
        ("space s { states 1 node add } ! ", "FEN100", "!", None),
        (
            "space s { states 1 node add: wieghted }",
            "FEN100",
            "wieghted",
            "did you mean `weighted`?",
        ),
        ("space s { states 1 node add, mul: 2 to parents }", "FEN100", "parents", None),
        (
            "space s { states 1 node tanh_skip: 3 parents }",
            "FEN109",
            "3 parents",
            "it has 1 or 2 parents",
        ),
        ("space s { states 1 node tanh: 0 parents }", "FEN104", "0", "begin at 1"),
        (
            "space s { states 1 node add sample up to 0 parents }",
            "FEN104",
            "up to 0 parents",
            "begin at 1",
        ),
        (
            "space s { states 1 node tanh: mixed, 1 parent }",
            "FEN109",
            "1 parent",
            "it has 2 or more parents",
        ),
        ("space s { states 0 to 1 node tanh }", "FEN104", "0 to 1", "begin at 1"),
        ("space s { states 1 node tanh: 5 to 2 parents }", "FEN104", "5 to 2", "write `2 to 5`"),
        (
            "space s { states 1 node mean: weighted }",
            "FEN108",
            "weighted",
            "it is always plain, so leave the form out",
        ),
        ("space s { states 1 node tanh: skip }", "FEN108", "skip", None),
        (
            "space s { states 1 node tanh: plain, 1 parent, 2 parents }",
            "FEN103",
            "2 parents",
            "keep one of the two",
        ),
        ("space s { states 1 node f\nfn f(a) = a + }", "FEN002", "", None),
        (
            "fn f(a) = a + a\nfn f(a) = a * a\nspace s { states 1 node f }",
            "FEN014",
            "f",
            "choose another name",
        ),
        (
            "fn mul(a, b) = a + b\nspace s { states 1 node mul }",
            "FEN015",
            "mul",
            "choose another name",
        ),
        ("space s { states " + "9" * 5000 + " node add }", "FEN105", "9" * 5000, None),
    ],
)
def test_one_mistake_one_message(text: str, code: str, marked: str, hint: str | None) -> None:
    assert only(text) == (code, marked, hint)


def test_each_clause_gets_its_own_message() -> None:
    text = """
# a comment { with clauses
space s {
    state 1
    bias optional
    output last nod
    node tahn, add
    node tanh: 2 to 1 parents
    sample 1 to
    node relu: weighted
    node relu
}
"""
    found = {(diagnostic.start[0], diagnostic.code) for diagnostic in messages(text)}
    assert found == {
        (4, "FEN101"),
        (6, "FEN100"),
        (7, "FEN106"),
        (8, "FEN104"),
        (10, "FEN100"),
        (11, "FEN107"),
    }


def test_places_are_those_of_the_file() -> None:
    text = "fn f(a) = a + a # }\n\n# α → β\nspace s {\n    states 1\n    node f, g\n}\n"
    (diagnostic,) = messages(text)
    assert (diagnostic.start, diagnostic.end) == ((6, 13), (6, 14))
    text = text.replace("a + a", "a + @")
    (diagnostic, *_) = messages(text)
    assert diagnostic.start[0] == 1


def test_a_large_file_is_one_message() -> None:
    assert only("space s { states 1 node add }" + " " * MAX_CHARACTERS)[0] == "FEN006"


@given(st.text(max_size=60))
def test_any_text_gives_messages(text: str) -> None:
    assert messages(text)


@given(st.data())
def test_damaged_spaces_read_or_give_messages_in_the_text(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    words = ["node", "states", "}", "{", "(", "fn", "1", ":", ",", "or", "#", "\x00", "é", "space"]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(st.sampled_from(words)) + text[end:]
    for diagnostic in messages(text):
        assert diagnostic.code in all_rules()
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "body",
    [
        "states x\n" * 6000,
        "states 1 node " + ", ".join(f"q{k}" for k in range(9000)),
        "states 1 node " + ", ".join(["add"] * 9000),
        "states 1\n" + "node tanh: 3 to 1 parents\n" * 2000,
        "fn f(a) = a +\n" * 4000,
    ],
    ids=["syntax", "unknown", "twice", "ranges", "functions"],
)
def test_many_mistakes_end_soon(body: str) -> None:
    """Unbounded, each of these takes minutes."""
    assert 1 <= len(messages(f"space s {{\n{body}\n}}")) <= MAX_DIAGNOSTICS
