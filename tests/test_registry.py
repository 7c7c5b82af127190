"""Plug-ins are found by file name, a clash is an error, and a misspelling is guessed."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fenas_lang.registry import LONGEST_SUGGESTED, Unknown, discover, load, suggest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package `plugged` with three plug-ins, one of which cannot be imported."""
    folder = tmp_path / "plugged"
    (folder / "nested").mkdir(parents=True)
    (folder / "nested" / "__init__.py").write_text("")
    for name, text in {
        "__init__": "",
        "aging": "P = 100",
        "broken": "1/0",
        "_private": "",
    }.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "notes.txt").write_text("no plug-in")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugged"]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
def test_discovers_by_file_name_without_importing() -> None:
    found = discover("plugged")
    assert list(found.items()) == [
        ("aging", "plugged.aging"),
        ("broken", "plugged.broken"),
        ("nested", "plugged.nested"),
    ]
    assert "plugged.aging" not in sys.modules


@pytest.mark.usefixtures("package")
def test_loads_only_the_one_that_is_asked_for() -> None:
    assert load("plugged", "aging", "strategy").P == 100
    assert "plugged.broken" not in sys.modules


@pytest.mark.usefixtures("package")
def test_an_unknown_name_is_explained() -> None:
    with pytest.raises(Unknown) as caught:
        load("plugged", "agin", "strategy")
    assert (caught.value.name, caught.value.suggestion) == ("agin", "aging")
    assert caught.value.candidates == ("aging", "broken", "nested")
    assert "no strategy `agin`; did you mean `aging`?" in str(caught.value)
    assert "no strategy `zzz` (there are: aging" in str(Unknown("strategy", "zzz", ["aging"]))


def test_the_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(Unknown("task", "digit", ["digits"])))
    assert (error.kind, error.name, error.suggestion) == ("task", "digit", "digits")


def test_a_clash_is_an_error(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import plugged  # type: ignore[import-not-found]

    second = tmp_path / "elsewhere"
    second.mkdir()
    (second / "aging.py").write_text("")
    monkeypatch.setattr(plugged, "__path__", [str(package), str(second)])
    with pytest.raises(ValueError, match="two plug-ins of plugged are called `aging`"):
        discover("plugged")


@pytest.mark.parametrize(
    "word, meant",
    [
        ("tahn", "tanh"),
        ("TANH", "tanh"),
        ("Relu", "ReLU"),
        ("sigmoid_skp", "sigmoid_skip"),
        ("xyz", None),
        ("", None),
    ],
)
def test_suggests_what_is_near(word: str, meant: str | None) -> None:
    assert suggest(word, ["tanh", "ReLU", "sigmoid", "sigmoid_skip"]) == meant


def test_long_words_get_no_suggestion() -> None:
    word = "a" * (LONGEST_SUGGESTED + 1)
    assert suggest(word, [word]) is None
    assert suggest(word[1:], [word[1:]]) == word[1:]
