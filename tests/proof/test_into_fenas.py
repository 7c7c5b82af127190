"""ENAS and DARTS in FENAS: translations are proved, and have the numbers of nodes in the docs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import fenas_lang as fen
from fenas_lang.proof.certificate import certificate, verify
from fenas_lang.proof.into_fenas import into_fenas
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

CERTIFICATES = Path(__file__).parent / "certificates"
NODES = {
    "ENAS": (17, 14),
    "ENAS_loose_ends": (13, 10),
    "ENAS_original": (16, 13),
    "DARTS_V1": (18, 15),
    "DARTS_V2": (18, 15),
}


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("name", NODES)
def test_a_published_cell_is_contained(name: str, square: bool) -> None:
    original = fen.load(name)
    made = into_fenas(original, square)
    assert made.nodes == NODES[name][square]
    document = certificate(made.finding(original), str(made.cell), str(original))
    file = CERTIFICATES / f"{made.cell.name}{'_D_is_H' if square else ''}.json"
    assert json.loads(file.read_text("utf-8")) == json.loads(json.dumps(document))
    assert verify(document) == "Contains"
    biases = [value for name, value in made.values.items() if name.endswith("bias")]
    assert biases and not any(value.terms for value in biases)


@pytest.mark.parametrize("space", ["enas", "darts"])
def test_every_cell_of_the_space_is_contained(space: str) -> None:
    rng = random.Random(1)
    for k in range(8):
        output = "loose" if space == "enas" and k % 2 else "all"
        original = sample(load_space(space), rng=rng, nodes=rng.randint(2, 6), output=output)
        assert into_fenas(original, square=k % 3 == 0).finding(original).kind == "Contains"


def test_other_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="no node of ENAS or DARTS"):
        into_fenas(fen.load("GRU"))
