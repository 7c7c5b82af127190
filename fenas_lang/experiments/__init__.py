"""The paper's experiments as recipes, and what runs them: `fenasc experiment NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fenas_lang import registry
from fenas_lang.rules import experiments as rules

if TYPE_CHECKING:
    from fenas_lang.experiments.recipe import Recipe

RECIPES = "fenas_lang.experiments.recipes"


def names() -> list[str]:
    """All experiments, in order; imports none of them."""
    return [name.replace("_", "-") for name in registry.discover(RECIPES)]


def find(name: str) -> Recipe:
    """The recipe of an experiment.  Raises FEN570 for an unknown name."""
    if name not in names():
        raise rules.UNKNOWN_EXPERIMENT.error(
            name=name, known=", ".join(names()), suggestion=registry.suggest(name, names())
        )
    found: Recipe = registry.load(RECIPES, name.replace("-", "_"), "experiment").RECIPE
    return found
