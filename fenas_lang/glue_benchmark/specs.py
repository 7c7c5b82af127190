"""What the nine GLUE tasks are (Wang et al. 2019), one row each.

Vocabularies and the sizes of stage 1 are those of Pasunuru & Bansal 2020, Appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass, field

TRAIN, VALID, TEST = "train", "valid", "test"
OTHER_VALID, OTHER_TEST = "valid_mismatched", "test_mismatched"

NO, YES = BINARY = ("0", "1")
ENTAILMENT = ("entailment", "not_entailment")
THREE_WAY = ("entailment", "neutral", "contradiction")

TOP_SCORE = 5.0
"""The largest similarity of STS-B; the least is 0."""


@dataclass(frozen=True)
class Spec:
    """One task: its files, columns and labels, what is measured, and the paper's sizes.

    `labels` are the names in the files, in the order of the hub's numbers; none for a score from 0
    to 5.  `headless` names the columns of a file without a header.  `splits` gives each split's
    file, without .tsv, and `hub` its name there.  `subsets` stand in for a train or valid file that
    is not there.  `rows` are the official counts, for the record.
    """

    name: str
    title: str
    sentences: tuple[str, ...]
    label: str = "label"
    labels: tuple[str, ...] = BINARY
    metrics: tuple[str, ...] = ("accuracy",)
    vocabulary: int = 5_000
    large: bool = False
    rows: int = 0
    headless: tuple[str, ...] = ()
    hub_sentences: tuple[str, ...] = ()
    splits: dict[str, str] = field(
        default_factory=lambda: {TRAIN: "train", VALID: "dev", TEST: "test"}
    )
    hub: dict[str, str] = field(
        default_factory=lambda: {TRAIN: "train", VALID: "validation", TEST: "test"}
    )
    submissions: dict[str, str] = field(default_factory=dict)
    irregular: bool = False
    """Whether the official files hold quoted sentences, whose marks all readers keep, and lines
    that were cut in two, which all readers leave out."""

    @property
    def folder(self) -> str:
        """The folder of its files in GLUE's own archive."""
        return self.title

    @property
    def metric(self) -> str:
        """What the task is scored by."""
        return self.metrics[0]

    @property
    def outputs(self) -> int:
        """Outputs of a model: one a class, or one score."""
        return len(self.labels) or 1

    def submission(self, split: str) -> str:
        """The file that the GLUE server wants for a split."""
        return self.submissions.get(split, f"{self.title}.tsv")


SUBSETS = {TRAIN: "train_subset", VALID: "heldout_subset"}
"""Files that stand in where the whole ones are not there."""

STAGE_1_EXAMPLES = 2_000
"""Training examples of large tasks in stage 1."""

PAIR = ("sentence1", "sentence2")
QUESTIONS = ("question1", "question2")
JUDGED = ("mean", "accuracy", "f1")
"""The paper gives one figure for accuracy and F1; here it is taken to be their mean."""

_ALL = (
    Spec(
        "cola",
        "CoLA",
        ("sentence",),
        metrics=("matthews", "accuracy"),
        rows=8_551,
        headless=("source", "label", "star", "sentence"),
    ),
    Spec("sst2", "SST-2", ("sentence",), vocabulary=14_300, rows=67_349),
    Spec(
        "mrpc",
        "MRPC",
        ("#1 String", "#2 String"),
        label="Quality",
        metrics=JUDGED,
        vocabulary=10_000,
        rows=3_668,
        hub_sentences=PAIR,
    ),
    Spec(
        "qqp",
        "QQP",
        QUESTIONS,
        label="is_duplicate",
        metrics=JUDGED,
        vocabulary=40_000,
        large=True,
        rows=363_849,
        irregular=True,
    ),
    Spec("stsb", "STS-B", PAIR, "score", (), metrics=("pearson", "spearman"), rows=5_749),
    Spec(
        "mnli",
        "MNLI",
        PAIR,
        label="gold_label",
        labels=THREE_WAY,
        vocabulary=40_000,
        large=True,
        rows=392_702,
        hub_sentences=("premise", "hypothesis"),
        splits={
            TRAIN: "train",
            VALID: "dev_matched",
            TEST: "test_matched",
            OTHER_VALID: "dev_mismatched",
            OTHER_TEST: "test_mismatched",
        },
        hub={
            TRAIN: "train",
            VALID: "validation_matched",
            TEST: "test_matched",
            OTHER_VALID: "validation_mismatched",
            OTHER_TEST: "test_mismatched",
        },
        submissions={TEST: "MNLI-m.tsv", OTHER_TEST: "MNLI-mm.tsv"},
    ),
    Spec(
        "qnli",
        "QNLI",
        ("question", "sentence"),
        labels=ENTAILMENT,
        vocabulary=30_000,
        large=True,
        rows=104_743,
    ),
    Spec("rte", "RTE", PAIR, labels=ENTAILMENT, rows=2_490),
    Spec("wnli", "WNLI", PAIR, vocabulary=1_300, rows=635),
)

SPECS = {spec.name: spec for spec in _ALL}
