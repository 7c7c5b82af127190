"""Settings: what may be set, to what, and what is said otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.tasks.settings import Settings, assignments, choice, file, text


def code_of(error: pytest.ExceptionInfo[FenError]) -> str:
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code


def test_nothing_said_is_the_defaults() -> None:
    assert Settings.read({}, "digits") == Settings()


def test_text_and_numbers_read_alike() -> None:
    typed = Settings.read({"hidden": "48", "learning_rate": "1e-2"}, "digits")
    given = Settings.read({"hidden": 48, "learning_rate": 0.01}, "digits")
    assert typed == given == Settings(hidden=48, learning_rate=0.01)
    assert isinstance(typed.hidden, int) and isinstance(typed.learning_rate, float)


@pytest.mark.parametrize(
    "name, value",
    [
        ("hidden", "many"),
        ("hidden", "1.5"),
        ("hidden", 1.5),
        ("hidden", 0),
        ("hidden", "-3"),
        ("hidden", ""),
        ("hidden", True),
        ("hidden", None),
        ("learning_rate", "0"),
        ("learning_rate", "nan"),
        ("clip", "inf"),
        ("clip", -1),
    ],
)
def test_a_value_that_does_not_fit(name: str, value: Any) -> None:
    with pytest.raises(FenError) as error:
        Settings.read({name: value}, "digits")
    assert code_of(error) == "FEN402"
    assert f"`{name}`" in str(error.value) and f"`{value}`" in str(error.value)


def test_the_range_is_stated() -> None:
    with pytest.raises(FenError, match="a whole number of at least 1, not `0`"):
        Settings.read({"hidden": 0}, "digits")
    with pytest.raises(FenError, match="a number from 1e-09 to 100, not `1000`"):
        Settings.read({"learning_rate": 1000}, "digits")


@dataclass(frozen=True)
class WithFile(Settings):
    words: str = file("none", "a list of words", words=("none", "package"))


def test_a_file_becomes_absolute_and_a_word_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for given in ("list.txt", Path("list.txt"), tmp_path / "list.txt"):
        assert WithFile.read({"words": given}, "t").words == str(tmp_path / "list.txt")
    assert WithFile.read({"words": "~/a"}, "t").words == str(Path.home() / "a")
    assert WithFile.read({"words": "package"}, "t").words == "package"


def test_a_misspelt_setting_is_recognised() -> None:
    with pytest.raises(FenError, match="did you mean `epochs`") as error:
        tasks.task("digits", epoch=3)
    assert code_of(error) == "FEN401"


def test_a_setting_like_no_other_lists_all() -> None:
    with pytest.raises(FenError, match="it has hidden, batch") as error:
        tasks.task("digits", zzz=3)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.hint is None


def test_assignments() -> None:
    assert assignments(["a=1", "b=x=y", "a=2"]) == {"a": "2", "b": "x=y"}


@pytest.mark.parametrize("text", ["epochs", "=5", "epochs=", ""])
def test_no_assignment(text: str) -> None:
    with pytest.raises(FenError) as error:
        assignments([text])
    assert code_of(error) == "FEN403"


@pytest.mark.parametrize("name", tasks.names())
def test_every_setting_is_described_and_takes_its_default(name: str) -> None:
    settings = tasks.kind(name).settings_type
    described = settings.described()
    assert all(len(d.description) > 10 for d in described.values())
    assert settings.read({n: str(d.default) for n, d in described.items()}, name) == settings()


@dataclass(frozen=True)
class Chosen(Settings):
    optimizer: str = choice("adam", "how weights are updated", among=("adam", "sgd"))


def test_a_setting_may_be_one_of_some_words() -> None:
    assert Chosen.read({"optimizer": "sgd"}, "lm").optimizer == "sgd"
    for given in ("SGD", "", "adam sgd", 1, None, True):
        with pytest.raises(FenError, match=r"FEN402.*one of adam, sgd"):
            Chosen.read({"optimizer": given}, "lm")


@dataclass(frozen=True)
class Named(Settings):
    file: str = text("none", "a file")


def test_text_is_taken_as_it_is() -> None:
    assert Named.read({"file": "a b/c.txt"}, "t").file == "a b/c.txt"
    assert Named.described()["file"].expected == "text"
