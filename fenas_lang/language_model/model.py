"""The network: words to embeddings to layers of a cell to the next word's probability.

Tensors are time-major: (T, B, size).  The softmax shares the embedding's weights (Inan et al. 2017;
Press & Wolf 2017), so features must come back to the size of the embedding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy
from fenas_lang.language_model.dropout import locked, whole_words
from fenas_lang.language_model.mixture import Mixture
from fenas_lang.language_model.weight_drop import recurrent_matrices, run_dropped
from fenas_lang.rules import language_model as rules

State = Any
"""A layer's state, one tensor (1, B, H) or a tuple of them; of several layers a tuple of those.
None stands for zeros."""

EMBEDDING_RANGE = 0.1
"""Embeddings start uniformly within this bound, as in AWD-LSTM, where no other is asked for."""


@dataclass(frozen=True)
class Shape:
    """Sizes.  Layers have `hidden` features, the last one `last_hidden`; 0 is: as `hidden`.

    With `resize` a `Linear` stands before a layer whose input has another size than its state, for
    all cells alike, since many read their input without weights; without, the layer is to take what
    comes, as in AWD-LSTM.  `experts` is the number of softmaxes that are mixed; 0: a plain one.
    """

    words: int
    hidden: int
    embedding: int = 0
    layers: int = 1
    last_hidden: int = 0
    resize: bool = True
    experts: int = 0

    @property
    def embedded(self) -> int:
        """The size of the embedding."""
        return self.embedding or self.hidden

    @property
    def states(self) -> list[int]:
        """The size of each layer's state."""
        return [self.hidden] * (self.layers - 1) + [self.last_hidden or self.hidden]

    @property
    def inputs(self) -> list[int]:
        """The size of what comes to each layer."""
        return [self.embedded, *self.states[:-1]]


@dataclass(frozen=True)
class Dropout:
    """Rates; all masks are drawn once a sequence.

    `words` drops whole words, `embedding` features of embeddings, `x`, `h` and `edges` operands of
    the cell's weighted edges from its input, its states and its nodes, `layers` what goes from one
    layer to the next, `output` what the last one gives, `latent` the experts' vectors of a mixture,
    `weights` elements of the recurrent matrices.
    """

    words: float = 0.0
    embedding: float = 0.0
    x: float = 0.0
    h: float = 0.0
    edges: float = 0.0
    layers: float = 0.0
    output: float = 0.0
    latent: float = 0.0
    weights: float = 0.0

    @property
    def within(self) -> dict[str, float]:
        """What the layer itself has to do."""
        rates = {"x": self.x, "h": self.h, "edges": self.edges}
        return {kind: rate for kind, rate in rates.items() if rate}


NONE = Dropout()


@dataclass(frozen=True)
class Pass:
    """What a window gave: nats over all targets, summed; the state after it; and the features
    (T, B, H) of the last layer, as they came and with dropout."""

    nats: Tensor
    state: State
    features: Tensor
    dropped: Tensor


class WordLanguageModel(nn.Module):
    """Embedding, layers of a cell, and a softmax that shares the embedding's weights.

    `build` makes a layer: called as `build(cell, input_size=D, hidden_size=H)`, with `variational`
    where `dropout` asks for masks within the layer (Gal & Ghahramani 2016).  With `initial_range`
    the embedding and all weights of the layers start uniformly within that bound.

    Raises FenError: FEN450 where a layer has no such masks, FEN451 where it has no recurrent
    matrices for weight drop.
    """

    def __init__(
        self,
        cell: Any,
        build: Callable[..., nn.Module],
        shape: Shape,
        dropout: Dropout = NONE,
        initial_range: float = 0.0,
    ):
        super().__init__()
        self.rates = dropout
        self.rate_scale = 1.0
        self.embedding = nn.Embedding(shape.words, shape.embedded)
        self.decoder = LinearCrossEntropy(shape.embedded, shape.words, reduction="sum")
        self.decoder.weight = self.embedding.weight
        bound = initial_range or EMBEDDING_RANGE
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        nn.init.zeros_(self.decoder.bias)
        self._add_projections(shape)
        layers = [
            _layer(cell, build, size if shape.resize else comes, size, dropout)
            for comes, size in zip(shape.inputs, shape.states, strict=True)
        ]
        self.layer = layers[0] if len(layers) == 1 else nn.ModuleList(layers)
        for weight in self.layer.parameters() if initial_range else ():
            nn.init.uniform_(weight, -initial_range, initial_range)

    def _add_projections(self, shape: Shape) -> None:
        """Those that there are; a model without them has no part of their name."""
        sizes = list(zip(shape.inputs, shape.states, strict=True))
        self.input_projection = self.output_projection = self.mixture = None
        if shape.resize and any(comes != size for comes, size in sizes):
            self.input_projection = nn.ModuleList(_between(*pair) for pair in sizes)
        last = shape.states[-1]
        if shape.experts:
            self.mixture = Mixture(last, shape.embedded, shape.experts)
        elif last != shape.embedded:
            self.output_projection = nn.Linear(last, shape.embedded)

    @property
    def layers(self) -> list[nn.Module]:
        """The layers of the cell, the first one first."""
        return list(self.layer) if isinstance(self.layer, nn.ModuleList) else [self.layer]

    def forward(self, words: Tensor, targets: Tensor, state: State = None) -> Pass:
        """Read a window; both tensors are (T, B)."""
        rates = self.rates if self.training else NONE
        x = self.embedding(words)
        x = whole_words(x, words, self.embedding.num_embeddings, rates.words)
        x = locked(x, rates.embedding)
        layers = self.layers
        states = [state] if len(layers) == 1 else state or [None] * len(layers)
        after = []
        for number, layer in enumerate(layers):
            x = locked(x, rates.layers) if number else x
            x, last = _run(layer, self._resized(x, number), states[number], rates.weights)
            after.append(last)
        dropped = locked(x, rates.output)
        final = after[0] if len(layers) == 1 else tuple(after)
        return Pass(self._nats(dropped, targets, rates.latent), final, x, dropped)

    def loss(self, words: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Nats over all targets, summed, and the state after the last; both tensors are (T, B)."""
        found = self(words, targets, state)
        return found.nats, found.state

    def _resized(self, x: Tensor, layer: int) -> Tensor:
        resized: Tensor = x if self.input_projection is None else self.input_projection[layer](x)
        return resized

    def _nats(self, features: Tensor, targets: Tensor, latent_rate: float) -> Tensor:
        if self.mixture is not None:
            nats: Tensor = self.mixture(features, targets, self.decoder, latent_rate).sum()
            return nats
        if self.output_projection is not None:
            features = self.output_projection(features)
        loss: Tensor = self.decoder(features, targets)
        return loss


def _between(size: int, wanted: int) -> nn.Module:
    return nn.Identity() if size == wanted else nn.Linear(size, wanted)


def _layer(
    cell: Any, build: Callable[..., nn.Module], comes: int, size: int, dropout: Dropout
) -> nn.Module:
    """One layer, if it can do what dropout asks of it."""
    masks = dropout.within
    options = {"variational": masks} if masks else {}
    if masks and not _takes_masks(build):
        raise rules.NO_MASKS.error(kinds=_names(masks), layer="this layer")
    layer = build(cell, input_size=comes, hidden_size=size, **options)
    shown = f"torch.nn.{type(layer).__name__}"
    if masks and isinstance(layer, nn.RNNBase):
        raise rules.NO_MASKS.error(kinds=_names(masks), layer=shown)
    if dropout.weights and not recurrent_matrices(layer):
        raise rules.NO_MATRICES.error(rate=dropout.weights)
    return layer


def _takes_masks(build: Callable[..., nn.Module]) -> bool:
    parameters = inspect.signature(build).parameters.values()
    return any(p.name == "variational" or p.kind == p.VAR_KEYWORD for p in parameters)


def _names(masks: dict[str, float]) -> str:
    return ", ".join(f"dropout_{kind}" for kind in masks)


def _run(layer: nn.Module, x: Tensor, state: State, rate: float) -> tuple[Tensor, State]:
    if rate:
        found: tuple[Tensor, State] = run_dropped(layer, recurrent_matrices(layer), rate, x, state)
        return found
    output, after = layer(x, state)
    return output, after


def each(state: State, change: Callable[[Tensor], Tensor]) -> State:
    """The same kind of state, with each of its tensors changed."""
    if isinstance(state, tuple):
        return tuple(each(part, change) for part in state)
    return change(state)
