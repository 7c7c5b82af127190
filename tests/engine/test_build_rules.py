"""Messages about layers that cannot be built: each one's examples are run."""

from __future__ import annotations

import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import Rule, build

RULES = [value for value in vars(build).values() if isinstance(value, Rule)]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_the_bad_example_raises_it(rule: Rule) -> None:
    with pytest.raises(FenError) as raised:
        exec(rule.bad)
    assert [d.code for d in raised.value.diagnostics] == [rule.code]


@each_rule
def test_the_good_example_builds(rule: Rule) -> None:
    exec(rule.good)
