"""Made-up files in the formats of the nine GLUE tasks: all sentences are of our own invention."""

from __future__ import annotations

from pathlib import Path

WHO = ("the cat", "a poet", "ann", 'the "old" fox', "bob's aunt", "no one")
DOES = ("sleeps", "doesn't sing", "bakes bread", "sold 1,200 hats")
WHERE = ("at home.", "in the U.S.", "on a very, very long and winding road!", "; why?")

HEADERS = {
    "CoLA": ("source", "label", "star", "sentence"),
    "SST-2": ("sentence", "label"),
    "MRPC": ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"),
    "QQP": ("id", "qid1", "qid2", "question1", "question2", "is_duplicate"),
    "STS-B": ("index", "genre", "filename", "year", "sentence1", "sentence2", "score"),
    "MNLI": ("index", "genre", "sentence1", "sentence2", "label1", "gold_label"),
    "QNLI": ("index", "question", "sentence", "label"),
    "RTE": ("index", "sentence1", "sentence2", "label"),
    "WNLI": ("index", "sentence1", "sentence2", "label"),
}
LABEL_COLUMNS = ("label", "Quality", "is_duplicate", "score", "gold_label")
NAMES = {"MNLI": ("entailment", "neutral", "contradiction")} | dict.fromkeys(
    ("RTE", "QNLI"), ("entailment", "not_entailment")
)
SPLITS = {"train": 22, "dev": 9, "test": 5}
MNLI_FILES = {"dev": ("dev_matched", "dev_mismatched"), "test": ("test_matched", "test_mismatched")}


def sentence(n: int) -> str:
    return f"{WHO[n % 6]} {DOES[n // 2 % 4]} {WHERE[n // 3 % 4]}"


def label(task: str, n: int) -> str:
    names = NAMES.get(task, ("0", "1"))
    return f"{n % 11 / 2:.3f}" if task == "STS-B" else names[n * 5 % 7 % len(names)]


def field(task: str, column: str, n: int) -> str:
    if column in LABEL_COLUMNS:
        return label(task, n)
    if column in ("sentence1", "question1", "#1 String", "sentence", "question"):
        return sentence(n + (7 if (task, column) == ("QNLI", "sentence") else 0))
    return sentence(n + 5) if column[-1] == "2" or column == "#2 String" else f"{n}"


def table(task: str, split: str, start: int, count: int) -> str:
    """A file's text; without labels for a test file."""
    columns = HEADERS[task]
    if split == "test":
        columns = tuple(
            c for c in columns if c not in LABEL_COLUMNS and c not in ("star", "source")
        )
        columns = columns if columns[0] in ("index", "id") else ("index", *columns)
    lines = ["\t".join(field(task, c, n) for c in columns) for n in range(start, start + count)]
    headless = task == "CoLA" and split != "test"
    text = "\n".join(lines if headless else ["\t".join(columns), *lines])
    mark = "\ufeff" if task == "MRPC" and split != "test" else ""
    return mark + text + ("" if task == "CoLA" and split == "dev" else "\n")


def write(root: Path) -> Path:
    """All nine folders."""
    for task in HEADERS:
        (root / task).mkdir(parents=True)
        start = 0
        for split, count in SPLITS.items():
            names = MNLI_FILES.get(split, (split,)) if task == "MNLI" else (split,)
            for name in names:
                text = table(task, split, start, count)
                (root / task / f"{name}.tsv").write_text(text, encoding="utf-8", newline="")
                start += count
    return root
