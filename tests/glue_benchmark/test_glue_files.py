"""GLUE's file format, and what is said of files that are not in it."""

from __future__ import annotations

import gzip
from pathlib import Path

import made_up_glue
import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.glue_benchmark import corpus
from fenas_lang.glue_benchmark.specs import SPECS


@pytest.fixture
def glue(tmp_path: Path) -> Path:
    return made_up_glue.write(tmp_path / "glue")


def refused(data: Path, name: str = "rte") -> tuple[str, str]:
    """The code and the message of what is wrong."""
    with pytest.raises(FenError) as error:
        corpus.load(SPECS[name], data)
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code, str(diagnostic)


def change(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


@pytest.mark.parametrize("name", SPECS)
def test_all_nine_are_read_with_all_their_rows(name: str, glue: Path) -> None:
    read = corpus.load(SPECS[name], glue)
    sizes = {"train": 22, "valid": 9, "test": 5}
    if name == "mnli":
        sizes |= {"valid_mismatched": 9, "test_mismatched": 5}
    assert {split: len(rows) for split, rows in read.splits.items()} == sizes
    assert not read.facts
    for split, rows in read.splits.items():
        assert len(rows.sentences) == (1 if name in ("cola", "sst2") else 2)
        assert (rows.labels is None) == split.startswith("test")
    assert read.splits["train"].sentences[0][3] == made_up_glue.sentence(3)


@pytest.mark.parametrize("name", SPECS)
def test_labels_become_numbers_in_the_hubs_order(name: str, glue: Path) -> None:
    rows, spec = corpus.load(SPECS[name], glue).splits["train"], SPECS[name]
    assert rows.labels is not None
    for n, number in enumerate(rows.labels):
        written = made_up_glue.label(spec.title, n)
        assert number == (spec.labels.index(written) if spec.labels else float(written))


def test_a_quotation_mark_is_a_plain_character(glue: Path) -> None:
    sentences = corpus.load(SPECS["rte"], glue).splits["train"].sentences[0]
    assert any('the "old" fox' in text for text in sentences)
    change(glue / "RTE" / "train.tsv", "0\tthe cat", '0\t"the cat')
    assert corpus.load(SPECS["rte"], glue).splits["train"].sentences[0][0].startswith('"the cat')


def test_the_tasks_own_folder_does_as_well(glue: Path) -> None:
    for name, spec in SPECS.items():
        whole = corpus.load(SPECS[name], glue)
        assert corpus.load(spec, glue / spec.folder).checksum == whole.checksum


def test_compressed_and_plain_files_are_the_same_data(glue: Path) -> None:
    before = corpus.load(SPECS["mrpc"], glue)
    for path in (glue / "MRPC").iterdir():
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert corpus.load(SPECS["mrpc"], glue) == before
    assert corpus.load(SPECS["mrpc"], glue).checksum == before.checksum


def test_other_data_have_another_checksum(glue: Path) -> None:
    before = corpus.load(SPECS["rte"], glue).checksum
    change(glue / "RTE" / "dev.tsv", "\tnot_entailment\n", "\tentailment\n", 1)
    assert corpus.load(SPECS["rte"], glue).checksum != before


def test_columns_are_found_by_their_names(glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    before = corpus.load(SPECS["rte"], glue).checksum
    lines = [line.split("\t")[::-1] for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    assert corpus.load(SPECS["rte"], glue).checksum == before


def test_cola_with_a_header_is_read_too(glue: Path) -> None:
    before = corpus.load(SPECS["cola"], glue).checksum
    path = glue / "CoLA" / "train.tsv"
    path.write_text("source\tlabel\tstar\tsentence\n" + path.read_text("utf-8"), encoding="utf-8")
    assert corpus.load(SPECS["cola"], glue).checksum == before


def test_only_a_line_feed_ends_a_line(glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    change(path, "the cat", "the\x85cat\u2028\x0b")
    assert len(corpus.load(SPECS["rte"], glue).splits["train"]) == 22
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(corpus.load(SPECS["rte"], glue).splits["train"]) == 22


@pytest.mark.parametrize("name, split", [("qnli", "train"), ("mnli", "train"), ("qqp", "dev")])
def test_subsets_stand_in_for_whole_files_and_that_is_said(
    name: str, split: str, glue: Path
) -> None:
    subset = {"train": "train_subset", "dev": "heldout_subset"}[split]
    folder = glue / SPECS[name].folder
    (folder / f"{split}.tsv").rename(folder / f"{subset}.tsv")
    rows = f"22 rows of {SPECS[name].rows:,}" if split == "train" else "9 rows"
    said = f"{subset}.tsv stands in for {split}.tsv ({rows})"
    assert corpus.load(SPECS[name], glue).facts == (said,)


def test_a_whole_file_is_taken_before_a_subset(glue: Path) -> None:
    (glue / "QNLI" / "train_subset.tsv").write_text("damaged")
    assert not corpus.load(SPECS["qnli"], glue).facts


def test_a_task_without_test_file_is_read(glue: Path) -> None:
    (glue / "QQP" / "test.tsv").unlink()
    assert set(corpus.load(SPECS["qqp"], glue).splits) == {"train", "valid"}


def test_qqps_broken_lines_are_left_out_and_counted(glue: Path) -> None:
    change(glue / "QQP" / "train.tsv", 'the "old" fox', 'the\n"old" fox', 1)
    read = corpus.load(SPECS["qqp"], glue)
    assert len(read.splits["train"]) == 21
    assert read.facts == ("2 broken lines of train.tsv are left out",)


def test_no_such_directory(tmp_path: Path) -> None:
    code, message = refused(tmp_path / "nowhere")
    assert code == "FEN406" and "gluebenchmark.com" in message


def test_a_missing_file_is_named_and_where_to_get_it(glue: Path) -> None:
    (glue / "RTE" / "dev.tsv").unlink()
    code, message = refused(glue)
    assert code == "FEN481" and "no dev.tsv" in message and "gluebenchmark.com/tasks" in message


def test_a_file_that_is_cut_off(glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    content = path.read_bytes()
    path.with_name("train.tsv.gz").write_bytes(gzip.compress(content)[:-20])
    path.unlink()
    code, message = refused(glue)
    assert code == "FEN408" and "train.tsv.gz" in message


def test_a_line_with_too_few_columns_is_numbered(glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    text = path.read_text("utf-8")
    path.write_text(text[: text.rindex("\t")], encoding="utf-8")
    code, message = refused(glue)
    assert code == "FEN483" and "line 23: 3 columns where 4 are wanted" in message


def test_a_line_with_too_many_columns_is_numbered(glue: Path) -> None:
    change(glue / "CoLA" / "train.tsv", "the cat", "the\tcat", 1)
    code, message = refused(glue, "cola")
    assert code == "FEN483" and "line 1: 5 columns where 4 are wanted" in message


@pytest.mark.parametrize(
    "name, old, new, said",
    [
        ("rte", "not_entailment", "neutral", "`neutral`; it is to be `entailment`, `not_enta"),
        ("rte", "\tnot_entailment\n", "\t\n", "the label is missing"),
        ("sst2", "\t1\n", "\t2\n", "`2`; it is to be `0`, `1`"),
        ("stsb", "\t1.000\n", "\tsome\n", "`some`; it is to be a number from 0 to 5"),
        ("stsb", "\t1.000\n", "\t5.5\n", "`5.5`"),
        ("stsb", "\t1.000\n", "\tnan\n", "`nan`"),
        ("mnli", "\tneutral\n", "\t-\n", "`-`"),
    ],
)
def test_an_unknown_label_is_shown_with_its_line(
    name: str, old: str, new: str, said: str, glue: Path
) -> None:
    change(glue / SPECS[name].folder / "train.tsv", old, new, 1)
    code, message = refused(glue, name)
    assert code == "FEN484" and said in message and "train.tsv`, line " in message


def test_a_file_without_labels(glue: Path) -> None:
    (glue / "RTE" / "test.tsv").rename(glue / "RTE" / "dev.tsv")
    code, message = refused(glue)
    assert code == "FEN482" and "no column `label`" in message and "`sentence2`" in message


def test_a_file_that_lacks_its_header(glue: Path) -> None:
    path = glue / "WNLI" / "train.tsv"
    path.write_text(path.read_text("utf-8").split("\n", 1)[1], encoding="utf-8")
    assert refused(glue, "wnli")[0] == "FEN482"


@pytest.mark.parametrize("header", [True, False])
def test_a_quoted_file(header: bool, glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    first, *rest = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    quoted = [['"' + field.replace('"', '""') + '"' for field in line] for line in rest]
    lines = [[f'"{name}"' for name in first] if header else first, *quoted]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    code, message = refused(glue)
    assert code == "FEN485" and "spreadsheet" not in message and "as it was downloaded" in message


@pytest.mark.parametrize("text", ["", "\n", "index\tsentence1\tsentence2\tlabel\n"])
@pytest.mark.parametrize("name", ["rte", "cola"])
def test_an_empty_file(text: str, name: str, glue: Path) -> None:
    if name == "cola":
        text = text.replace("sentence1\tsentence2", "sentence\tstar")
    (glue / SPECS[name].folder / "train.tsv").write_text(text)
    assert refused(glue, name)[0] == "FEN486"


def test_what_is_not_utf8(glue: Path) -> None:
    path = glue / "RTE" / "train.tsv"
    path.write_bytes(path.read_bytes().replace(b"cat", b"c\xe9t"))
    assert refused(glue)[0] == "FEN409"
