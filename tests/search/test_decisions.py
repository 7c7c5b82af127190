"""A numbered node list has one sentence, whichever space it is of."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SHIPPED, output_words

from fenas_lang.check.check import checked
from fenas_lang.check.loader import loads
from fenas_lang.search.decisions import Language, NoSentence
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

FENAS = load_space("fenas")


def written(language: Language, seed: int) -> tuple[Cell, list[int]]:
    rng, tokens = Random(seed), list[int]()

    def pick(allowed: object) -> int:
        tokens.append(rng.choice(list(allowed)))  # type: ignore[call-overload]
        return tokens[-1]

    return language.say(pick, "Cell"), tokens


@pytest.mark.parametrize("name", SHIPPED)
@settings(max_examples=30)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_what_is_written_is_legal_and_read_again(name: str, data: st.DataObject, seed: int) -> None:
    space = load_space(name)
    states = tuple(range(space.states[0], (space.states[1] or 3) + 1))
    output = RULES[data.draw(st.sampled_from(output_words(space)))]
    language = Language(space, data.draw(st.integers(space.nodes[0], 6)), states, output)
    cell, tokens = written(language, seed)
    checked(cell, space)
    sentence = language.read(cell)
    assert list(sentence.tokens) == tokens
    assert all(t in allowed for t, allowed in zip(tokens, sentence.allowed, strict=True))
    assert all(0 <= t < language.size for allowed in sentence.allowed for t in allowed)


@pytest.mark.parametrize("name", SHIPPED)
@given(seed=st.integers(0, 2**32))
def test_every_sampled_cell_has_a_sentence(name: str, seed: int) -> None:
    space = load_space(name)
    cell = sample(space, seed=seed, nodes=5)
    language = Language(space, 5, (len(cell.states),), space.output[0])
    tokens = list(language.read(cell).tokens)
    said = language.say(lambda allowed: tokens.pop(0), "Cell")
    assert said == cell


@pytest.mark.parametrize(
    "text",
    [
        "cell A(x, h) -> a { a = tanh(@x, @h) }",
        "cell A in open(x, h, c) -> (b, c) { a = tanh(@x, @h); b = a * c }",
        "cell A in open(x, h, c) -> (a, a) { a = tanh(@x, @h); b = a * c }",
        "cell A in open(x, h) -> b { a = tanh(@x, @h); b = exp(a) }",
    ],
)
def test_other_cells_have_none(text: str) -> None:
    with pytest.raises(NoSentence):
        Language(FENAS, 2, (1, 2), RULES["last"]).read(loads(text))
