"""Every rule explains itself, and its examples show what they are said to show."""

from __future__ import annotations

import pytest

from fenas_lang.check.check import check_text
from fenas_lang.diagnostics import ERROR, WARNING
from fenas_lang.rules import Rule, all_rules

RULES = list(all_rules().values())
FEN_RULES = [rule for rule in RULES if rule.language == "fen"]
RANGES = (
    range(1, 90),
    range(100, 200),
    range(200, 300),
    range(300, 400),
    range(400, 500),
    range(500, 700),
)


def each(rules: list[Rule]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.code)


def as_file(example: str) -> str:
    """An example as `fenasc explain` shows it: without the blank lines around it."""
    return example.strip("\n") + "\n"


@each(FEN_RULES)
def test_bad_example_has_the_code(rule: Rule) -> None:
    found = {diagnostic.code for diagnostic in check_text(as_file(rule.bad))}
    assert found == {rule.code}


@each(FEN_RULES)
def test_good_example_is_clean(rule: Rule) -> None:
    assert check_text(as_file(rule.good)) == []


@each(RULES)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.title and rule.message and rule.explanation.strip()
    assert rule.bad.strip() and rule.good.strip() and rule.bad != rule.good
    assert rule.severity in (ERROR, WARNING)


@each(RULES)
def test_a_page_shows_both_examples(rule: Rule) -> None:
    page = rule.page()
    assert page.startswith(f"{rule.code}: {rule.title}")
    for example in (rule.bad, rule.good):
        assert all(line in page for line in example.strip().splitlines())


@each(RULES)
def test_a_code_is_in_a_range(rule: Rule) -> None:
    assert rule.code[:3] == "FEN" and len(rule.code) == 6
    assert any(int(rule.code[3:]) in numbers for numbers in RANGES)


def test_only_texts_of_cells_have_low_codes() -> None:
    """Up to FEN089 the language, from FEN100 on its tools."""
    assert {rule.code for rule in FEN_RULES if int(rule.code[3:]) >= 100} == set()
