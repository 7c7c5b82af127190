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
}


@pytest.mark.parametrize("name", THEOREMS)
def test_a_theorem(name: str) -> None:
    text = (Path(__file__).parent / "certificates" / f"{name}.json").read_text("utf-8")
    assert verify(json.loads(text)) == THEOREMS[name]
