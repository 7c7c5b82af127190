"""Spaces from text: what each clause means, where files are found, and how shipped ones read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fenas_lang.check.check import check_space
from fenas_lang.diagnostics import FenError
from fenas_lang.functions import FUNCTIONS
from fenas_lang.rules.space_files import (
    MISNAMED_SPACE,
    UNKNOWN_SPACE,
    UNREADABLE_SPACE,
)
from fenas_lang.rules.syntax import NOT_UTF8
from fenas_lang.source import SourceFile
from fenas_lang.spaces.model import (
    ALL,
    ANY,
    CALL,
    ELEMENTWISE,
    LAST,
    LOOSE,
    MIXED,
    PLAIN,
    SKIP,
    WEIGHTED,
    FunctionRule,
    Space,
)
from fenas_lang.spaces.reader import load_space, read_space, shipped_spaces

ACTIVATION_FORMS = frozenset({PLAIN, WEIGHTED, ELEMENTWISE, MIXED})


def read(text: str) -> Space:
    return read_space(SourceFile(text))


def with_clause(clause: str) -> Space:
    return read(f"space s {{ states 1 node add {clause} }}")


def rule_of(listing: str, name: str = "") -> FunctionRule:
    space = read(f"fn glue(a, b) = sigmoid(@a) * b\nspace s {{ states 1 node {listing} node sub }}")
    return space.by_name[name] if name else space.rules[0]


def test_the_least_space_has_defaults() -> None:
    space = read("space s { states 1 node add }")
    assert space == Space("s", (1, 1), (FunctionRule("add", frozenset({PLAIN}), 2, 2),))
    assert (space.output, space.bias, space.first) == ((ANY,), "optional", None)
    assert (space.nodes, space.sampled_parents) == ((1, 9), 3)
    assert not space.literals and not space.outputs_from_inputs


@pytest.mark.parametrize(
    "clause, field, value",
    [
        ("bias required", "bias", "required"),
        ("bias forbidden", "bias", "forbidden"),
        ("output last node", "output", (LAST,)),
        ("output mean of  loose\nends or last node", "output", (LOOSE, LAST)),
        ("output mean of all nodes, any", "output", (ALL, ANY)),
        ("output last node, or any, or last node", "output", (LAST, ANY)),
        ("allow literals", "literals", True),
        ("allow inputs as outputs", "outputs_from_inputs", True),
        ("allow literals, inputs as outputs", "literals", True),
        ("sample 3 to 12 nodes", "nodes", (3, 12)),
        ("sample 5 nodes", "nodes", (5, 5)),
        ("sample up to 4 parents", "sampled_parents", 4),
        ("sample up to 4 parents, 2 to 3 nodes", "nodes", (2, 3)),
    ],
)
def test_clauses(clause: str, field: str, value: object) -> None:
    assert getattr(with_clause(clause), field) == value


@pytest.mark.parametrize(
    "written, states", [("1", (1, 1)), ("1 to 3", (1, 3)), ("2 or more", (2, None))]
)
def test_states(written: str, states: tuple[int, int | None]) -> None:
    assert read(f"space s {{ states {written} node add }}").states == states


@pytest.mark.parametrize(
    "listing, rule",
    [
        ("neg", FunctionRule("neg", frozenset({PLAIN}), 1, 1)),
        ("mean", FunctionRule("mean", frozenset({PLAIN}), 1, None)),
        ("tanh", FunctionRule("tanh", frozenset({PLAIN, WEIGHTED}), 1, None)),
        ("gelu: mixed", FunctionRule("gelu", frozenset({MIXED}), 2, None)),
        ("tanh: any form", FunctionRule("tanh", ACTIVATION_FORMS, 1, None)),
        ("tanh: plain, 2 parents", FunctionRule("tanh", frozenset({PLAIN}), 2, 2)),
        ("tanh_skip", FunctionRule("tanh_skip", frozenset({SKIP}), 1, 2)),
        ("tanh_skip: skip", FunctionRule("tanh_skip", frozenset({SKIP}), 1, 2)),
        ("glue", FunctionRule("glue", frozenset({CALL}), 2, 2)),
        ("glue: call, 2 parents", FunctionRule("glue", frozenset({CALL}), 2, 2)),
        ("add: zero anywhere", FunctionRule("add", frozenset({PLAIN}), 2, 2, "anywhere")),
        ("add: zero never", FunctionRule("add", frozenset({PLAIN}), 2, 2)),
        ("add: from nodes", FunctionRule("add", frozenset({PLAIN}), 2, 2, inputs=False)),
        (
            "relu: weighted or elementwise, 1 to 2 parents from nodes, zero second",
            FunctionRule("relu", frozenset({WEIGHTED, ELEMENTWISE}), 1, 2, "second", False),
        ),
    ],
)
def test_listings(listing: str, rule: FunctionRule) -> None:
    assert rule_of(listing) == rule


def test_one_clause_lists_several_functions() -> None:
    space = read("space s { states 1 node add, mul node tanh, relu: weighted, 1 parent }")
    assert [rule.name for rule in space.rules] == ["add", "mul", "tanh", "relu"]
    assert {space.by_name[n].forms for n in ("tanh", "relu")} == {frozenset({WEIGHTED})}


def test_comments_and_line_ends_mean_nothing() -> None:
    text = "\ufeff# a\r\nspace s # b\r{\n\n states # c {\n 1; node\n add } # d"
    assert read(text) == read("space s { states 1 node add }")


def test_documentation_is_the_comment_above() -> None:
    text = "# apart\n\n# One.\n#   Two # three.\nspace s { states 1 # inside\n node add }"
    assert read(text).documentation == "One.\nTwo # three."


def test_words_of_the_grammar_can_be_names() -> None:
    text = (
        "fn states(x, h) = tanh(@x, @h)\nfn node(a) = tanh(@a)\nfn first(a) = relu(@a)\n"
        "space any { states 1 start with states node node, first: 1 parent }"
    )
    space = read(text)
    assert (space.name, space.first) == ("any", "states")
    assert [rule.name for rule in space.rules] == ["node", "first"]


@pytest.mark.parametrize(
    "text",
    [
        "fn f(a) = a + a\nfn g(a) = f(a) * a\nspace s { states 1 node f, g }",
        "space s { states 1 node f, g\n fn f(a) = a + a\n fn g(a) = f(a) * a\n}",
        "space s { fn f(a) = a + a; fn g(a) = f(a) * a; states 1 node f, g }",
        "space s { states 1 node f, g\n}\nfn f(a) = a + a # } {\nfn g(a) = (f(a)\n * a)\n",
    ],
    ids=["before", "inside", "on one line", "after"],
)
def test_functions_stand_before_or_inside(text: str) -> None:
    space = read(text)
    assert list(space.definitions) == ["f", "g"]
    assert space.definitions["g"].parameters[0].name == "a"
    assert space.node_calls == {"f", "g"}
    assert check_space(space) == ()


def test_functions_keep_their_places() -> None:
    text = "# c\nspace s {\n    fn twice(a) = a + a\n    states 1 node twice }"
    function = read(text).functions[0]
    assert text[function.span.start : function.span.end] == "twice(a) = a + a"


def test_an_unlisted_function_is_no_node() -> None:
    text = "fn f(a) = a + a\nfn g(a) = f(a) * a\nspace s { states 1 node g }"
    assert read(text).node_calls == {"g"}


# Files.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.space").write_text("space mine { states 1 node add }")
    (tmp_path / "enas.space").write_text("space enas { states 1 node mul }")
    return tmp_path


def test_a_name_is_looked_up_beside_first(folder: Path) -> None:
    assert load_space("mine", folder).name == "mine"
    assert list(load_space("enas", folder).by_name) == ["mul"]
    assert "tanh_skip" in load_space("enas").by_name


def test_a_path_is_that_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_space(folder / "mine.space") == load_space(str(folder / "mine.space"))
    monkeypatch.chdir(folder)
    assert load_space("mine.space").source is not None


def test_an_unknown_name_lists_what_there_is(folder: Path) -> None:
    with pytest.raises(FenError) as caught:
        load_space("fenass", folder)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == UNKNOWN_SPACE.code
    assert "darts, enas, fenas, nas_bench_nlp, open" in diagnostic.message
    assert diagnostic.hint == "did you mean `fenas`?"


@pytest.mark.parametrize(
    "content, code",
    [
        (b"space yours { states 1 node add }", MISNAMED_SPACE.code),
        (b"\xff\x00", NOT_UTF8.code),
        (None, UNREADABLE_SPACE.code),
    ],
    ids=["other name", "bytes", "folder"],
)
def test_a_bad_file_is_one_message(tmp_path: Path, content: bytes | None, code: str) -> None:
    file = tmp_path / "mine.space"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(FenError) as caught:
        load_space("mine", tmp_path) if content else load_space(file)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(FenError, match="No such file"):
        load_space(tmp_path / "missing.space")


# The spaces that come with the package.


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces_read(name: str) -> None:
    space = load_space(name)
    assert space.name == name
    assert load_space(name) is space
    assert check_space(space) == ()
    first, *_ = space.documentation.splitlines()
    assert first.endswith(".") and len(first) <= 80


def test_the_five_of_the_language_are_shipped() -> None:
    assert {"fenas", "enas", "darts", "nas_bench_nlp", "open"} <= set(shipped_spaces())


def test_fenas_is_the_papers() -> None:
    space = load_space("fenas")
    both = frozenset({PLAIN, WEIGHTED})
    assert space.rules == (
        *(FunctionRule(name, frozenset({PLAIN}), 2, 2) for name in ("add", "sub", "mul")),
        *(
            FunctionRule(name, both, 1, 2, "second")
            for name in ("tanh", "relu", "identity", "sigmoid")
        ),
        *(
            FunctionRule(f"{name}_skip", frozenset({SKIP}), 1, 2, "second")
            for name in ("tanh", "relu", "sigmoid")
        ),
    )
    assert (space.states, space.output, space.nodes) == ((1, 2), (LAST, LOOSE), (1, 9))


@pytest.mark.parametrize("name, outputs", [("enas", (ALL, LOOSE)), ("darts", (ALL,))])
def test_enas_and_darts_start_with_first(name: str, outputs: tuple[str, ...]) -> None:
    space = load_space(name)
    assert (space.first, space.bias, space.states) == ("first", "forbidden", (1, 1))
    assert (space.output, space.nodes) == (outputs, (2, 9))
    assert set(space.by_name) == {"tanh_skip", "relu_skip", "sigmoid_skip", "identity_skip"}
    assert all((r.min_parents, r.max_parents, r.inputs) == (1, 1, False) for r in space.rules)
    assert space.node_calls == {"first", "identity_skip"}


def test_open_has_every_function_in_every_form() -> None:
    space = load_space("open")
    assert set(space.by_name) == set(FUNCTIONS)
    for name, rule in space.by_name.items():
        definition = FUNCTIONS[name]
        assert (rule.min_parents, rule.max_parents) == (definition.min_arity, definition.max_arity)
        assert rule.zero == "anywhere"
        if definition.kind == "activation":
            assert rule.forms == ACTIVATION_FORMS
    assert space.literals and space.outputs_from_inputs and space.states == (1, None)


def test_reading_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom fenas_lang.spaces.reader import load_space\n"
        "from fenas_lang.spaces.sample import sample\nsample(load_space('enas'), seed=0)\n"
        "print([m for m in ('numpy', 'networkx', 'sympy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_reading_needs_no_cache_folder(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    code = "from fenas_lang.spaces.reader import load_space; print(load_space('enas').name)"
    environment = {"HOME": str(blocker), "XDG_CACHE_HOME": str(blocker), "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert (run.stdout.strip(), run.stderr) == ("enas", "")
