"""What the task `lm` can be told, what of it contradicts itself, and what was published.

Defaults are stage 1 of Pasunuru & Bansal 2020, section 4.3.  What the paper leaves open (batch,
window, dropout rates) is as in ENAS and DARTS, or a guess within the paper's range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fenas_lang.language_model.model import Dropout, Shape
from fenas_lang.rules import language_model as rules
from fenas_lang.tasks.settings import Preset, Settings, choice, setting

ADAM, SGD = "adam", "sgd"
LINEAR, LAYER = "linear", "layer"
FIXED, DRAWN = "fixed", "drawn"
AS_DROPOUT = -1.0
SHORTEST_DRAWN = 10
"""Words: drawn windows are 5 words long or more, which needs some room below the mean."""


def _rate(description: str, default: float = 0.0, low: float = 0.0) -> float:
    found: float = setting(default, description, low=low, high=0.99)
    return found


@dataclass(frozen=True)
class LanguageModelSettings(Settings):
    hidden: int = setting(300, "size of the hidden state, H", low=1)
    embedding: int = setting(0, "size of the embedding, E; 0: as hidden")
    layers: int = setting(1, "layers of the cell", low=1)
    last_hidden: int = setting(0, "size of the last layer's state; 0: as hidden")
    resize: str = choice(
        LINEAR,
        "who takes an input of another size than the state: a linear map before the layer, for all"
        " cells alike, or the layer itself (AWD-LSTM), which not every cell can",
        among=(LINEAR, LAYER),
    )
    initial_range: float = setting(
        0.0, "all weights start uniformly within this; 0: embedding in 0.1, layers in 1/√H"
    )
    experts: int = setting(0, "softmaxes that are mixed (MoS); 0: one plain softmax")
    epochs: int = setting(20, "passes over the training text", low=1)
    batch: int = setting(64, "parallel streams of training text", low=1)
    window: int = setting(35, "words that gradients flow back through", low=1)
    windows: str = choice(
        FIXED,
        "windows of one length, or drawn around it (Merity et al. 2018), with the learning rate"
        " scaled by a window's length",
        among=(FIXED, DRAWN),
    )
    optimizer: str = choice(
        ADAM, "Adam, or SGD with averaging on a non-monotone trigger (NT-ASGD)", among=(ADAM, SGD)
    )
    learning_rate: float = setting(0.001, "the optimiser's step size", low=1e-9, high=100)
    average_after: int = setting(
        5,
        "sgd averages its weights once an epoch is worse than the best before the last so many;"
        " 0: never",
    )
    clip: float = setting(
        0.25, "largest norm of the gradient (longer ones are scaled); 0: no limit"
    )
    l2: float = setting(8e-6, "weight decay, added to the gradient as l2 times the parameter")
    dropout: float = _rate("rate of dropout_x, dropout_h, dropout_output where these are -1", 0.2)
    dropout_words: float = _rate("whole words of the vocabulary, in the input")
    dropout_embedding: float = _rate("features of the embeddings")
    dropout_x: float = _rate("operands of the cell's weighted edges from its input", -1.0, -1.0)
    dropout_h: float = _rate("the same from its states", -1.0, -1.0)
    dropout_edges: float = _rate("the same from its own nodes")
    dropout_layers: float = _rate("features between layers")
    dropout_output: float = _rate("features of the last layer", -1.0, -1.0)
    dropout_latent: float = _rate("the experts' vectors of a mixture")
    weight_drop: float = _rate("elements of recurrent matrices (DropConnect)")
    ar: float = setting(0.0, "activation regularisation, alpha: of features after dropout")
    tar: float = setting(0.0, "temporal activation regularisation, beta: of features' changes")
    tokens: int = setting(0, "training words to use, from the beginning; 0: all")
    valid_tokens: int = setting(0, "validation words to use, from the beginning; 0: all")
    test_tokens: int = setting(0, "test words to measure, from the beginning; 0: all")
    valid_batch: int = setting(
        10, "parallel streams of text when measured, each from a zero state; 1: exact", low=1
    )

    def shape(self, words: int) -> Shape:
        """The model's sizes."""
        return Shape(
            words,
            self.hidden,
            self.embedding,
            self.layers,
            self.last_hidden,
            self.resize == LINEAR,
            self.experts,
        )

    @property
    def rates(self) -> Dropout:
        """All dropout."""
        return Dropout(
            words=self.dropout_words,
            embedding=self.dropout_embedding,
            x=self._or_dropout(self.dropout_x),
            h=self._or_dropout(self.dropout_h),
            edges=self.dropout_edges,
            layers=self.dropout_layers,
            output=self._or_dropout(self.dropout_output),
            latent=self.dropout_latent,
            weights=self.weight_drop,
        )

    def _or_dropout(self, rate: float) -> float:
        return self.dropout if rate < 0 else rate

    def check(self) -> None:
        """Raises FEN452 for a setting that could have no effect."""
        for wrong in CONTRADICTIONS:
            if wrong.applies(self):
                raise rules.CONTRADICTION.error(
                    setting=wrong.setting,
                    value=getattr(self, wrong.setting),
                    problem=wrong.problem,
                    remedy=wrong.remedy,
                )


@dataclass(frozen=True)
class Contradiction:
    """A setting that means nothing beside others."""

    setting: str
    applies: Callable[[LanguageModelSettings], bool]
    problem: str
    remedy: str


CONTRADICTIONS = (
    Contradiction(
        "dropout_latent",
        lambda s: s.dropout_latent > 0 and not s.experts,
        "a plain softmax has no latent vectors",
        "set experts (15 in Yang et al. 2018), or dropout_latent to 0",
    ),
    Contradiction(
        "dropout_layers",
        lambda s: s.dropout_layers > 0 and s.layers == 1,
        "there is nothing between the layers of one layer",
        "raise layers, or set dropout_layers to 0",
    ),
    Contradiction(
        "last_hidden",
        lambda s: s.last_hidden > 0 and s.layers == 1,
        "the only layer's state has the size hidden",
        "set hidden, or raise layers",
    ),
    Contradiction(
        "windows",
        lambda s: s.windows == DRAWN and s.window < SHORTEST_DRAWN,
        f"lengths are drawn around a window of {SHORTEST_DRAWN} words or more",
        "raise window, or set windows to fixed",
    ),
)

_ENAS: Mapping[str, float | str] = {
    "epochs": 3000,
    "batch": 64,
    "window": 35,
    "windows": DRAWN,
    "optimizer": SGD,
    "learning_rate": 20.0,
    "average_after": 10,
    "clip": 0.25,
    "dropout_words": 0.125,
    "dropout_embedding": 0.175,
    "dropout_x": 0.725,
    "dropout_h": 0.225,
    "dropout_edges": 0.225,
    "dropout_output": 0.75,
    "ar": 0.7,
    "initial_range": 0.05,
}
_AWD: Mapping[str, float | str] = {
    "layers": 3,
    "resize": LAYER,
    "window": 70,
    "windows": DRAWN,
    "optimizer": SGD,
    "average_after": 5,
    "clip": 0.25,
    "l2": 1.2e-6,
    "dropout_words": 0.1,
    "dropout_embedding": 0.4,
    "dropout_x": 0.0,
    "dropout_h": 0.0,
    "dropout_output": 0.4,
    "weight_drop": 0.5,
    "ar": 2.0,
    "tar": 1.0,
}

PRESETS: Mapping[str, Preset] = {
    "stage1": Preset(
        "Pasunuru & Bansal 2020, section 4.3, stage 1; batch, window and dropout are not given"
        " there",
        {
            "hidden": 300,
            "epochs": 20,
            "optimizer": ADAM,
            "learning_rate": 0.001,
            "clip": 0.25,
            "l2": 8e-6,
        },
    ),
    "stage2": Preset(
        "Pasunuru & Bansal 2020, section 4.3, stage 2: hidden and embedding 900, l2 8e-6, the rest"
        " as ENAS, taken from preset `enas`",
        {**_ENAS, "hidden": 900, "l2": 8e-6},
    ),
    "enas": Preset(
        "the ENAS authors' corrected language model, google-research/google-research"
        " enas_lm/src/fixed_lib.py and fixed.py (Pham et al. 2018); l2 is twice its weight decay of"
        " 8e-7, whose square it adds to the loss; AR there is of features before dropout, and nodes"
        " share the mask of the state",
        {**_ENAS, "hidden": 800, "l2": 1.6e-6},
    ),
    "darts": Preset(
        "quark0/darts rnn/train.py (Liu, Simonyan & Yang 2019); nodes share the mask of the state"
        " there; 8,000 epochs are its upper limit",
        {
            "hidden": 850,
            "epochs": 8000,
            "batch": 64,
            "window": 35,
            "windows": DRAWN,
            "optimizer": SGD,
            "learning_rate": 20.0,
            "average_after": 5,
            "clip": 0.25,
            "l2": 8e-7,
            "dropout_words": 0.1,
            "dropout_embedding": 0.2,
            "dropout_x": 0.75,
            "dropout_h": 0.25,
            "dropout_edges": 0.25,
            "dropout_output": 0.75,
            "tar": 0.001,
            "initial_range": 0.04,
        },
    ),
    "awd": Preset(
        "salesforce/awd-lstm-lm README.md and main.py, Penn Treebank, before fine-tuning (Merity,"
        " Keskar & Socher 2018)",
        {
            **_AWD,
            "hidden": 1150,
            "embedding": 400,
            "last_hidden": 400,
            "epochs": 500,
            "batch": 20,
            "learning_rate": 30.0,
            "dropout_layers": 0.25,
        },
    ),
    "mos": Preset(
        "zihangdai/mos README.md and main.py, Penn Treebank, before fine-tuning (Yang et al. 2018)",
        {
            **_AWD,
            "hidden": 960,
            "embedding": 280,
            "last_hidden": 620,
            "experts": 15,
            "epochs": 1000,
            "batch": 12,
            "learning_rate": 20.0,
            "dropout_layers": 0.225,
            "dropout_latent": 0.29,
        },
    ),
    "small": Preset(
        "this project: minutes on two cores with the Penn Treebank, see benchmarks/README.md",
        {
            "hidden": 128,
            "epochs": 4,
            "batch": 10,
            "window": 20,
            "learning_rate": 0.005,
            "clip": 1.0,
            "l2": 0.0,
            "dropout": 0.1,
            "tokens": 300_000,
        },
    ),
}
