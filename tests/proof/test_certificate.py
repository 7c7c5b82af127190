"""Certificates hold, and changed ones do not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fenas_lang as fen
from fenas_lang.diagnostics import FenError
from fenas_lang.proof.certificate import verify
from fenas_lang.proof.laws import TABLE

Change = Callable[[dict[str, Any]], Any]
TRIPLE = fen.loads("cell Triple in open (x, h) -> y { y = tanh(3*h) }")
PAIRS = (
    ("GRU", "torch.nn.GRU"),
    ("LSTM", "torch.nn.LSTM"),
    ("RNN", "torch.nn.RNN"),
    ("GRU_Chung", "GRU_reset_before"),
    ("GRU", "UGRNN"),
    ("MGU", "GRU_Chung"),
    ("LSTM", "NBNLP_LSTM"),
    ("LSTM", "GRU"),
    ("GRU", "minGRU"),
    ("GRU", "RNN"),
    ("RNN", TRIPLE),
    ("IRNN", "IndRNN"),
    ("GRU", "GRU_reset_before"),
)


def made(a: str, b: str) -> dict[str, Any]:
    return json.loads(json.dumps(fen.prove(a, b).certificate))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_certificate_holds(a: str, b: str) -> None:
    assert verify(made(a, b)) == fen.prove(a, b).kind


def code(document: Any) -> str:
    with pytest.raises(FenError) as caught:
        verify(document)
    return caught.value.diagnostics[0].code


def _set(path: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        *way, last = path.split("/")
        for key in way:
            document = document[int(key)] if key.isdigit() else document[key]
        document[int(last) if last.isdigit() else last] = value

    return change


TAMPERED: tuple[tuple[str, str, Change], ...] = (
    ("GRU", "torch.nn.GRU", _set("values/r.x", {"matrix": [["1", ["z.x"]]]})),
    ("GRU", "torch.nn.GRU", _set("values/r.x", {"matrix": [["2", ["r.x"]]]})),
    ("GRU", "torch.nn.GRU", _set("values/r.x", {"vector": [["1", ["r.bias"]]]})),
    ("GRU", "torch.nn.GRU", _set("back/r.x", {"matrix": []})),
    ("GRU", "torch.nn.GRU", _set("values", {})),
    ("GRU", "torch.nn.GRU", _set("verdict", "Identical")),
    ("GRU", "torch.nn.GRU", _set("verdict", "Unknown")),
    ("GRU", "torch.nn.GRU", _set("b", "cell R(x, h) -> y { y = tanh(@x, @h) }")),
    ("GRU", "torch.nn.GRU", _set("b", "no cell")),
    ("GRU_Chung", "GRU_reset_before", _set("verdict", "Equal")),
    ("LSTM", "NBNLP_LSTM", _set("refuted", [])),
    ("LSTM", "NBNLP_LSTM", _set("refuted/0/invariant/sign", -1)),
    ("LSTM", "NBNLP_LSTM", _set("refuted/0/claim", "a in b")),
    ("LSTM", "NBNLP_LSTM", _set("refuted/0/witness/states/1", [[0.0, 0.0]])),
    ("GRU", "RNN", _set("refuted/0/invariant/high", "1/2")),
    ("GRU_Chung", "GRU_reset_before", _set("laws", [])),
    ("GRU_Chung", "GRU_reset_before", _set("laws", ["a = b"])),
    ("GRU_Chung", "GRU_reset_before", _set("laws", 3)),
    ("GRU", "torch.nn.GRU", _set("spaces", {"a": "no space"})),
    ("GRU", "torch.nn.GRU", _set("spaces", 3)),
    ("GRU", "GRU_reset_before", _set("refuted/0/invariant/count", 1)),
    ("GRU", "GRU_reset_before", _set("refuted/0/invariant/sizes", [2, 2])),
    ("GRU", "GRU_reset_before", _set("refuted/0/invariant/sizes", [0, 1])),
    ("GRU", "GRU_reset_before", _set("refuted/0/invariant/zero", [7])),
    ("GRU", "GRU_reset_before", _set("refuted/0/claim", "b in a")),
    ("LSTM", "GRU", _set("a", "cell R(x, h) -> y { y = tanh(@x, @h) }")),
    ("IRNN", "IndRNN", _set("values/h.h_prev", {"matrix": [["1", [{"diagonal": "h.x"}]]]})),
    ("IRNN", "IndRNN", _set("values/h.h_prev", {"matrix": [["1", [{"diagonal": 3}]]]})),
)


@pytest.mark.parametrize(("a", "b", "change"), TAMPERED, ids=range(len(TAMPERED)))
def test_a_changed_certificate_does_not_hold(a: str, b: str, change: Change) -> None:
    document = made(a, b)
    changed = copy.deepcopy(document)
    change(changed)
    assert changed != document
    assert code(changed) in ("FEN600", "FEN602")


def test_another_version_is_refused() -> None:
    assert code({**made("RNN", "torch.nn.RNN"), "version": 2}) == "FEN601"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        3,
        {},
        {"version": 1},
        {"version": 1, "verdict": "Equal"},
        {"version": 1, "verdict": 7},
    ],
)
def test_what_is_no_certificate(document: Any) -> None:
    assert code(document) == "FEN600"


def test_nothing_is_certified_for_unknown() -> None:
    with pytest.raises(FenError) as caught:
        _ = fen.prove("MGU", "UGRNN").certificate
    assert caught.value.diagnostics[0].code == "FEN603"


def test_a_space_of_ones_own_comes_along(tmp_path: Path) -> None:
    (tmp_path / "mine.space").write_text(
        "fn soft(a) = 0.5 * sigmoid(@a) + 0.5 * tanh(@a)\n"
        "space mine { states 1\n bias optional\n output last node\n sample 1 to 5 nodes\n"
        " node soft: 1 parent\n node add }\n"
    )
    for name, body in (("A", "a = soft(x); b = soft(h)"), ("B", "b = soft(x); a = soft(h)")):
        text = f"cell {name} in mine (x, h) -> y {{ {body}; y = a + b }}"
        (tmp_path / f"{name}.fen").write_text(text)
    document = made(str(tmp_path / "A.fen"), str(tmp_path / "B.fen"))
    (tmp_path / "mine.space").unlink()
    assert verify(document) == "Identical"
    del document["spaces"]
    assert code(document) == "FEN602"


def test_the_checker_uses_the_laws_that_are_named_alone() -> None:
    document = made("GRU_Chung", "GRU_reset_before")
    assert document["laws"] == ["sigmoid(-a) = 1 - sigmoid(a)"]
    assert verify({**document, "laws": [row.name for row in TABLE]}) == "Reparametrised"
    del document["laws"]
    assert verify(document) == "Reparametrised"


def test_what_the_normal_form_calls_equal_is_also_evaluated(monkeypatch) -> None:
    document = made("GRU", "torch.nn.GRU")
    document["values"]["r.x"] = document["values"]["z.x"]
    monkeypatch.setattr("fenas_lang.proof.certificate.becomes", lambda *_: True)
    assert code(document) == "FEN602"


THEOREMS = {
    "LSTM_is_torch": "Equal",
    "GRU_is_torch": "Equal",
    "RNN_is_torch": "Equal",
    "NBNLP_LSTM_not_in_LSTM": "Different",
    "minGRU_tanh_in_GRU": "ContainedIn",
    "minGRU_not_in_GRU": "Different",
    "GRU_Chung_and_reset_before": "Reparametrised",
    "UGRNN_in_GRU": "ContainedIn",
    "MGU_in_GRU_reset_before": "ContainedIn",
    "LSTM_coupled_in_LSTM": "ContainedIn",
    "LSTM_in_LSTM_peephole": "ContainedIn",
    "Mut2_in_GRU_reset_before": "ContainedIn",
    "IndRNN_in_IRNN": "ContainedIn",
    "GRU_not_GRU_reset_before": "Different",
}


@pytest.mark.parametrize("name", THEOREMS)
def test_a_theorem(name: str) -> None:
    text = (Path(__file__).parent / "certificates" / f"{name}.json").read_text("utf-8")
    assert verify(json.loads(text)) == THEOREMS[name]
