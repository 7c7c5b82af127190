"""The text loader: which files it takes, what it counts, and what it says about bad ones."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.tasks.language_model import END, Corpus, Words, load_corpus


def write(directory: Path, names: str = "{}.txt", **texts: str) -> Path:
    for split, text in texts.items():
        (directory / names.format(split)).write_text(text, encoding="utf-8", newline="")
    return directory


def spelled(corpus: Corpus, numbers: Words) -> str:
    return " ".join(corpus.vocabulary[n] for n in numbers)


def refused(directory: Path) -> tuple[str, str]:
    """Code and whole text of the one diagnostic that a directory gets."""
    with pytest.raises(FenError) as error:
        load_corpus(directory)
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code, str(diagnostic)


def test_words_and_line_ends_are_numbered_in_order(tmp_path: Path) -> None:
    corpus = load_corpus(write(tmp_path, train=" b a b \n c \n", valid="c b\n", test="a\n"))
    assert corpus.vocabulary == (END, "b", "a", "c")
    assert corpus.train.tolist() == [1, 2, 1, 0, 3, 0]
    assert spelled(corpus, corpus.valid) == "c b <eos>"
    assert spelled(corpus, corpus.test) == "a <eos>"


@pytest.mark.parametrize(
    "text, words",
    [
        ("a\n\n = a = \n", "a <eos> <eos> = a = <eos>"),
        (" \na", "<eos> a <eos>"),
        ("a\r\na\r\n", "a <eos> a <eos>"),
        ("a\n\n", "a <eos> <eos>"),
        ("a\u2028a\x0ca\n", "a a a <eos>"),
        ("\ufeffa\n", "a <eos>"),
    ],
)
def test_every_line_ends_once(tmp_path: Path, text: str, words: str) -> None:
    corpus = load_corpus(write(tmp_path, train=text, valid="a\n", test="a\n"))
    assert spelled(corpus, corpus.train) == words


@pytest.mark.parametrize("names", ["ptb.{}.txt", "{}.txt", "wiki.{}.tokens"])
@pytest.mark.parametrize("packed", [False, True])
def test_all_namings_plain_and_packed_read_alike(tmp_path: Path, names: str, packed: bool) -> None:
    texts = {"train": "é b\n", "valid": "b\n", "test": "é\n"}
    for split, text in texts.items():
        path, content = tmp_path / names.format(split), text.encode()
        if packed:
            path, content = path.with_name(path.name + ".gz"), gzip.compress(content)
        path.write_bytes(content)
    corpus = load_corpus(str(tmp_path))
    assert (corpus.train.tolist(), corpus.valid.tolist(), corpus.test.tolist()) == (
        [1, 2, 0],
        [2, 0],
        [1, 0],
    )
    (tmp_path / "plain").mkdir()
    assert corpus.checksum == load_corpus(write(tmp_path / "plain", **texts)).checksum


def test_the_checksum_is_that_of_the_texts(tmp_path: Path) -> None:
    texts = {"train": "a b\n", "valid": "b\n", "test": "a\n"}
    first = load_corpus(write(tmp_path, **texts)).checksum
    assert first != load_corpus(write(tmp_path, **texts | {"test": "b\n"})).checksum


def test_other_words_are_unknown_where_the_training_text_has_that(tmp_path: Path) -> None:
    corpus = load_corpus(write(tmp_path, train="a <unk>\n", valid="a zebra\n", test="<unk>\n"))
    assert spelled(corpus, corpus.valid) == "a <unk> <eos>"


def test_other_words_are_an_error_elsewhere(tmp_path: Path) -> None:
    code, text = refused(write(tmp_path, train="a\n", valid="z a y z x w\n", test="a\n"))
    assert code == "FEN411"
    assert "4 words" in text and "`z`, `y`, `x`, …" in text and "valid.txt" in text


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    code, text = refused(tmp_path / "nowhere")
    assert code == "FEN406"
    assert "nowhere" in text and "Mikolov" in text and "WikiText-2" in text


def test_a_directory_without_text_says_what_is_wanted_and_where_to_get_it(tmp_path: Path) -> None:
    code, text = refused(tmp_path)
    assert code == "FEN407"
    for wanted in ("ptb.train.txt", "train.txt", "wiki.train.tokens", ".gz", "Mikolov"):
        assert wanted in text


def test_the_folder_that_was_meant_is_named(corpus: Path) -> None:
    assert refused(corpus.parent)[1].endswith(f"did you mean `{corpus}`?)")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    code, text = refused(write(tmp_path, "ptb.{}.txt", train="a\n"))
    assert code == "FEN407"
    assert "no ptb.valid.txt and no ptb.test.txt;" in text


def test_namings_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path, "{}.txt", train="a\n", valid="a\n", test="a\n")
    write(tmp_path, "wiki.{}.tokens", train="b\n")
    assert load_corpus(tmp_path).vocabulary == (END, "a")


def packed_corpus(directory: Path, content: bytes) -> Path:
    write(directory, valid="a\n", test="a\n")
    (directory / "train.txt.gz").write_bytes(content)
    return directory


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"a b c d e f g\n" * 50, mtime=0)[:-9],
        gzip.compress(b"a b c d e f g\n" * 50, mtime=0)[:5],
        gzip.compress(b"a b\n", mtime=0)[:10] + b"\xff" * 20,
        gzip.compress(b"a b\n", mtime=0)[:-8] + bytes(8),
        b"a b\n",
    ],
    ids=["cut", "cut in its head", "damaged", "wrong checksum", "not packed"],
)
def test_a_damaged_archive(tmp_path: Path, content: bytes) -> None:
    code, text = refused(packed_corpus(tmp_path, content))
    assert code == "FEN408"
    assert "train.txt.gz" in text


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that hold")
def test_a_file_that_may_not_be_read(corpus: Path) -> None:
    (corpus / "ptb.test.txt").chmod(0)
    assert refused(corpus)[0] == "FEN408"


def test_another_encoding(tmp_path: Path) -> None:
    write(tmp_path, train="a\n", test="a\n")
    (tmp_path / "valid.txt").write_bytes("caf\xe9\n".encode("latin-1"))
    code, text = refused(tmp_path)
    assert code == "FEN409"
    assert "valid.txt" in text and "byte 3 is 0xe9" in text


@pytest.mark.parametrize("text", ["", "\n\n", " \n\t\n"])
def test_a_text_without_words(tmp_path: Path, text: str) -> None:
    code, shown = refused(write(tmp_path, train="a\n", valid=text, test="a\n"))
    assert code == "FEN410"
    assert "valid.txt" in shown


def test_the_penn_treebank_has_its_known_counts(penn_treebank: Path) -> None:
    corpus = load_corpus(penn_treebank)
    sizes = [len(corpus.train), len(corpus.valid), len(corpus.test)]
    assert sizes == [929_589, 73_760, 82_430]
    assert len(corpus.vocabulary) == 10_000


def hub_directory(directory: Path, column: str, valid: str = "validation") -> str:
    """What `datasets` saves: a row a line, with or without its line end."""
    datasets = pytest.importorskip("datasets")
    rows = {"train": [" a b \n", "", "c"], valid: ["b"], "test": ["a\n"]}
    of_splits = {split: datasets.Dataset.from_dict({column: r}) for split, r in rows.items()}
    datasets.DatasetDict(of_splits).save_to_disk(directory)
    return f"hub:{directory}"


@pytest.mark.parametrize("column, valid", [("text", "validation"), ("sentence", "valid")])
def test_rows_of_the_hub_are_lines(tmp_path: Path, column: str, valid: str) -> None:
    corpus = load_corpus(hub_directory(tmp_path / "saved", column, valid))
    plain = load_corpus(write(tmp_path, train=" a b \n\nc\n", valid="b\n", test="a\n"))
    for split in ("train", "valid", "test"):
        assert getattr(corpus, split).tolist() == getattr(plain, split).tolist()
    assert corpus.checksum == plain.checksum and corpus.vocabulary == plain.vocabulary
    assert spelled(corpus, corpus.train) == "a b <eos> <eos> c <eos>"


def test_a_data_set_of_the_hub_without_text(tmp_path: Path) -> None:
    reference = hub_directory(tmp_path / "saved", "label")
    with pytest.raises(FenError, match=r"FEN442.*no column `text`.*it has `label`"):
        load_corpus(reference)
