"""Printing and parsing are inverse, and formatting is idempotent and keeps comments."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fenas_lang.source import SourceFile
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Function, Module, Node, Parameter
from fenas_lang.syntax.formatter import WIDTH, format_module
from fenas_lang.syntax.parser import parse

NAMES = ("x", "h_prev", "a", "node_7", "Z", "r", "a_rather_long_name_of_a_node")
names = st.sampled_from(NAMES).map(ast.Name)
numbers = st.decimals(0, 1000, places=3).map(lambda d: ast.Number(f"{d.normalize():f}"))
leaves = names | numbers | st.just(ast.Zero())


def _compound(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    arguments = st.lists(inner, max_size=4).map(tuple)
    return (
        st.builds(ast.binary, st.sampled_from("+-*"), inner, inner)
        | st.builds(ast.negate, inner)
        | st.builds(ast.weighted, inner, st.booleans())
        | st.builds(ast.call, st.sampled_from(("tanh", "mean", "lerp", "softplus")), arguments)
    )


expressions = st.recursive(leaves, _compound, max_leaves=25)
comment_lines = st.text(st.characters(exclude_characters="\r\n"), max_size=12).map(
    lambda text: text.removeprefix(" ").rstrip()
)
parameters = st.lists(st.sampled_from(NAMES).map(Parameter), max_size=4).map(tuple)
nodes = st.builds(Node, st.sampled_from(NAMES), expressions)
functions = st.builds(Function, st.sampled_from(("lerp", "mix")), parameters, expressions)
cells = st.builds(
    Cell,
    st.sampled_from(("GRU", "A_1")),
    st.sampled_from((None, "open", "fenas")),
    parameters,
    parameters,
    st.booleans(),
    st.lists(nodes, max_size=5).map(tuple),
)


def parsed(text: str) -> Module:
    module, diagnostics = parse(SourceFile(text))
    assert not [d for d in diagnostics if d.code != "FEN009"], diagnostics
    return module


def without_uses(module: Module) -> tuple[ast.Item, ...]:
    """The items with no functions attached to cells, as these trees were built."""
    from dataclasses import replace

    return tuple(replace(i, functions=()) if isinstance(i, Cell) else i for i in module.items)


@given(st.lists(cells | functions, min_size=1, max_size=4).map(tuple))
@settings(max_examples=300, deadline=None)
def test_parse_of_print_is_the_same_tree(items: tuple[ast.Item, ...]) -> None:
    text = format_module(Module(items))
    module = parsed(text)
    assert without_uses(module) == items
    assert format_module(module) == text


@given(st.lists(cells, min_size=1, max_size=2).map(tuple), st.data())
@settings(max_examples=100, deadline=None)
def test_comments_survive_formatting(items: tuple[Cell, ...], data: st.DataObject) -> None:
    lines = format_module(Module(items)).splitlines()
    placed = []
    for number, line in enumerate(lines):
        comment = data.draw(comment_lines, label=f"comment of line {number}")
        kind = data.draw(st.sampled_from(("none", "above", "behind")))
        placed.append(comment if kind != "none" else None)
        if kind == "above":
            lines[number] = f"#{comment}\n{line}"
        elif kind == "behind" and not line.startswith("#"):
            lines[number] = f"{line}  # {comment}"
    text = "\n".join(lines)
    module = parsed(text)
    assert without_uses(module) == items
    formatted = format_module(module)
    for comment in placed:
        assert comment is None or comment.strip() in formatted
    assert format_module(parsed(formatted)) == formatted


def test_a_long_line_is_wrapped_and_means_the_same() -> None:
    arguments = tuple(ast.Name(f"a_long_parent_name_{k}") for k in range(20))
    node = Node("h", ast.call("tanh", arguments))
    cell = Cell("Wide", "open", (), (), True, (node, Node("s", _sum(arguments))))
    text = format_module(Module((cell,)))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert parsed(text).cells == (cell,)


def _sum(terms: tuple[ast.Name, ...]) -> ast.Expr:
    total: ast.Expr = terms[0]
    for term in terms[1:]:
        total = ast.binary("+", total, term)
    return total


def test_one_way_to_write_it() -> None:
    untidy = """
# what it is
cell A in open(x,h)->(h1)   {  # header
  a=add(x,(h))   ;b = tanh_skip(@a, @(x*h)) # two

  h1 = ((a*b))-(b-0.50)+(-(x*-h))  }
"""
    assert format_module(parsed(untidy)) == (
        "# what it is\n"
        "cell A in open (x, h) -> h1 {  # header\n"
        "    a  = x + h\n"
        "    b  = tanh_skip(a, x * h)  # two\n"
        "\n"
        "    h1 = a * b - (b - 0.5) + -(x * -h)\n"
        "}\n"
    )


def test_a_comment_made_by_hand_cannot_become_code() -> None:
    comments = ast.Comments(above=("one\n}\rcell B",), behind="two\r\nthree")
    cell = Cell("A", None, (), (), True, (), comments=comments)
    assert str(cell) == "# one } cell B\ncell A() -> () {  # two three\n}\n"
