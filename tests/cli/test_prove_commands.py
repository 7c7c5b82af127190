"""fenasc prove, verify, diff, dedup."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

STATUSES = (
    ("gru.fen", "torch.nn.GRU", 0, "Equal"),
    ("GRU", "GRU", 0, "Identical"),
    ("GRU_Chung", "GRU_reset_before", 0, "Reparametrised"),
    ("LSTM", "NBNLP_LSTM", 1, "Different"),
    ("LSTM", "GRU", 1, "Different"),
    ("GRU", "UGRNN", 3, "Contains"),
    ("UGRNN", "GRU", 3, "ContainedIn"),
    ("MGU", "UGRNN", 4, "Unknown"),
)


@pytest.mark.parametrize(("a", "b", "status", "kind"), STATUSES)
def test_prove_says_what_holds(fenasc, tmp_path, a, b, status, kind) -> None:
    file = tmp_path / "proof.json"
    text = fenasc("-q", "prove", a, b, "--certificate", file)
    assert text.status == status
    assert text.out.startswith(kind)
    document = json.loads(fenasc("prove", a, b, "--format", "json").out)
    assert (document["version"], document["kind"]) == (1, kind)
    assert file.exists() == (kind != "Unknown")
    if file.exists():
        checked = fenasc("verify", file)
        assert (checked.status, checked.out) == (0, f"valid: {kind}\n")


def test_laws_and_direction(fenasc) -> None:
    out = fenasc("prove", "GRU_Chung", "GRU_reset_before").out
    assert out.endswith(
        "besides those of a ring and of additive maps\n  sigmoid(-a) = 1 - sigmoid(a)\n"
    )
    document = json.loads(fenasc("prove", "UGRNN", "GRU", "--format", "json").out)
    assert document["direction"] == "b contains a"
    assert document["laws"] == ["sigmoid(0) = 1/2"]
    other = json.loads(fenasc("prove", "GRU", "GRU", "--format", "json").out)
    assert (other["direction"], other["laws"]) == (None, [])


def test_a_diagonal_matrix_is_shown(fenasc) -> None:
    assert "h.h_prev  diag(h.h_prev)" in fenasc("prove", "IRNN", "IndRNN").out


def test_the_table_of_parameters_names_those_of_torch(fenasc) -> None:
    out = fenasc("prove", "lstm.fen", "torch.nn.LSTM").out
    assert out.startswith("Equal (biases merged)")
    assert "b_if + b_hf" in out


def test_the_witness_has_numbers(fenasc) -> None:
    out = fenasc("prove", "NBNLP_LSTM", "LSTM").out
    assert "always h and c have the same sign" in out
    assert "witness" in out and "o_1.bias = [" in out


def test_a_changed_certificate(fenasc, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    fenasc("prove", "GRU", "torch.nn.GRU", "--certificate", file)
    document = json.loads(file.read_text())
    document["values"]["r.x"] = document["values"]["z.x"]
    file.write_text(json.dumps(document))
    changed = fenasc("verify", file)
    assert changed.status == 1 and "FEN602" in changed.err
    file.write_text(json.dumps({**document, "version": 7}))
    other = fenasc("verify", file)
    assert other.status == 2 and "FEN601" in other.err
    file.write_text("cell")
    none = fenasc("verify", file)
    assert none.status == 2 and "FEN600" in none.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("prove", "GRU", "torch.nn.GRUU"), "FEN"),
        (("prove", "no_such_cell.fen", "GRU"), "FEN"),
        (("verify", "no_such_file.json"), "FEN"),
        (("dedup", "no_such_file.jsonl"), "FEN"),
    ],
)
def test_misuse(fenasc, words: tuple[str, ...], code: str) -> None:
    ran = fenasc(*words)
    assert ran.status == 2 and code in ran.err


def test_a_cell_that_does_not_check(fenasc, tmp_path: Path) -> None:
    file = tmp_path / "bad.fen"
    file.write_text("cell B(x, h) -> y { y = tanh(@x, @g) }\n")
    for words in (("prove", file, "GRU"), ("diff", file, "GRU"), ("dedup", file)):
        ran = fenasc(*words)
        assert ran.status == 2 and "FEN012" in ran.err


def test_diff(fenasc) -> None:
    assert fenasc("diff", "GRU", "gru.fen").status == 0
    ran = fenasc("diff", "GRU", "MGU")
    assert ran.status == 1
    assert "-    ru = r * u" in ran.out


def test_dedup_of_cells(fenasc, tmp_path: Path) -> None:
    (tmp_path / "one.fen").write_text(
        "cell A in open (x, h) -> y { y = tanh(@x, @h) }\n"
        "cell B in open (x, h) -> y { a = tanh(@h, @x); y = a + zero }\n"
    )
    (tmp_path / "two.fen").write_text("cell C in open (x, h) -> y { y = sigmoid(@x, @h) }\n")
    out = fenasc("dedup", tmp_path, "RNN").out
    assert "4 cells, 3 different graphs, 2 different up to algebra" in out
    assert "one.fen:A" in out and "one.fen:B" in out
    found = json.loads(fenasc("dedup", tmp_path, "RNN", "--format", "json").out)
    assert found["cells"] == 4 and len(found["groups"]) == 1 and len(found["groups"][0]) == 3


def test_dedup_of_recipes(fenasc, tmp_path: Path) -> None:
    recipe = {
        "f": {"op": "linear", "input": ["x", "h_prev_0"]},
        "h_new_0": {"op": "activation_tanh", "input": ["f"]},
    }
    swapped = {**recipe, "f": {"op": "linear", "input": ["h_prev_0", "x"]}}
    lines = [json.dumps({"arch": k, "recipe": r}) for k, r in enumerate((recipe, swapped))]
    file = tmp_path / "recipes.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert "2 cells, 1 different graphs" in fenasc("dedup", file).out


def test_dedup_of_a_folder_reads_recipes_and_passes_over_other_lines(
    fenasc, tmp_path: Path
) -> None:
    recipe = {"h_new_0": {"op": "activation_tanh", "input": ["h_prev_0"]}}
    (tmp_path / "a.jsonl").write_text(json.dumps(recipe) + "\n")
    (tmp_path / "b.jsonl").write_text("\n" + json.dumps({"arch": 7, "recipe": recipe}) + "\n")
    (tmp_path / "results.jsonl").write_text('{"arch": 7, "loss": 4.5}\n')
    ran = fenasc("dedup", tmp_path)
    assert "2 cells, 1 different graphs" in ran.out and "b.jsonl:7" in ran.out
    assert "passed over" in ran.err and "results.jsonl" in ran.err
    assert "passed over" not in fenasc("-q", "dedup", tmp_path).err


def test_dedup_says_where_a_recipe_is_wrong(fenasc, tmp_path: Path) -> None:
    file = tmp_path / "recipes.jsonl"
    file.write_text('{"h_new_0": {"op": "activation_tanh", "input": ["h_prev_0"]}}\n{"a": 3}\n')
    ran = fenasc("dedup", file)
    assert ran.status == 2 and "recipes.jsonl, line 2" in ran.err
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = fenasc("dedup", empty)
    assert ran.status == 2 and "FEN267" in ran.err
