"""The model: its sizes and parts, where its dropout works, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fenas_lang.diagnostics import FenError
from fenas_lang.engine.layer import compile
from fenas_lang.language_model.model import Dropout, Shape, WordLanguageModel, each
from fenas_lang.tasks.lm_settings import PRESETS, LanguageModelSettings
from fenas_lang.tasks.training import parts

WORDS = torch.randint(9, (6, 3), generator=torch.Generator().manual_seed(0))
TARGETS = torch.randint(9, (6, 3), generator=torch.Generator().manual_seed(1))


def torch_layer(cell: str, *, input_size: int, hidden_size: int) -> nn.Module:
    layer: nn.Module = getattr(nn, cell)(input_size, hidden_size)
    return layer


def made(shape: Shape, dropout: Dropout | None = None, **options: Any) -> WordLanguageModel:
    torch.manual_seed(0)
    build = options.pop("build", compile)
    cell = options.pop("cell", "LSTM")
    return WordLanguageModel(cell, build, shape, dropout or Dropout(), **options)


def lstm(inputs: int, size: int) -> int:
    return 4 * (inputs * size + size * size + size)


@pytest.mark.parametrize(
    "shape, counts",
    [
        (Shape(9, 5), {"embedding": 45, "decoder": 9, "layer": lstm(5, 5)}),
        (
            Shape(9, 5, embedding=4),
            {"embedding": 36, "decoder": 9, "input_projection": 4 * 5 + 5, "layer": lstm(5, 5)}
            | {"output_projection": 5 * 4 + 4},
        ),
        (
            Shape(9, 5, embedding=4, layers=3, last_hidden=4, resize=False),
            {"embedding": 36, "decoder": 9, "layer": lstm(4, 5) + lstm(5, 5) + lstm(5, 4)},
        ),
        (
            Shape(9, 5, layers=2, last_hidden=3),
            {"embedding": 45, "decoder": 9, "input_projection": 5 * 3 + 3}
            | {"layer": lstm(5, 5) + lstm(3, 3), "output_projection": 3 * 5 + 5},
        ),
        (
            Shape(9, 5, layers=2, last_hidden=3, embedding=4, resize=False, experts=6),
            {"embedding": 36, "decoder": 9, "layer": lstm(4, 5) + lstm(5, 3)}
            | {"mixture": 6 * 3 + 6 * 4 * 3 + 6 * 4},
        ),
    ],
)
def test_parts_and_their_sizes(shape: Shape, counts: dict[str, int]) -> None:
    model = made(shape)
    assert parts(model) == counts
    assert sum(p.numel() for p in model.parameters()) == sum(counts.values())
    model(WORDS, TARGETS).nats.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_the_published_sizes_have_the_published_parameters() -> None:
    """AWD-LSTM: 24 M parameters, MoS 22 M (Yang et al. 2018, table 1)."""
    read = LanguageModelSettings.read
    shapes = [read(PRESETS[name].settings, "lm").shape(10_000) for name in ("awd", "mos")]
    with torch.device("meta"):
        models = [made(shape, build=torch_layer) for shape in shapes]
    millions = [sum(p.numel() for p in model.parameters()) / 1e6 for model in models]
    assert millions == [pytest.approx(24, rel=0.03), pytest.approx(22, rel=0.03)]


def test_layers_are_run_one_after_another() -> None:
    model = made(Shape(9, 5, layers=2))
    first, second = model.layers
    x, a = first(model.embedding(WORDS))
    y, b = second(x)
    found = model(WORDS, TARGETS)
    torch.testing.assert_close(found.features, y)
    torch.testing.assert_close(found.state, (a, b))
    logits = model.decoder.logits(y).flatten(0, 1)
    wanted = cross_entropy(logits, TARGETS.flatten(), reduction="sum")
    torch.testing.assert_close(found.nats, wanted)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
@pytest.mark.parametrize("layers", [1, 2])
def test_state_is_carried_through_every_layer(cell: str, layers: int) -> None:
    model = made(Shape(9, 5, layers=layers), cell=cell).double()
    whole = model(WORDS, TARGETS)
    first = model(WORDS[:2], TARGETS[:2])
    second = model(WORDS[2:], TARGETS[2:], each(first.state, Tensor.detach))
    torch.testing.assert_close(first.nats + second.nats, whole.nats)
    torch.testing.assert_close(second.state, whole.state)


EVERYWHERE = Dropout(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("experts", [0, 2])
def test_nothing_is_dropped_when_measured(experts: int) -> None:
    shape = Shape(9, 5, layers=2, experts=experts)
    plain, dropped = made(shape).eval(), made(shape, EVERYWHERE).eval()
    plain.load_state_dict(dropped.state_dict())
    torch.testing.assert_close(dropped(WORDS, TARGETS).nats, plain(WORDS, TARGETS).nats)
    dropped.train()
    assert dropped(WORDS, TARGETS).nats != dropped(WORDS, TARGETS).nats


@pytest.mark.parametrize(
    "kind", ["words", "embedding", "x", "h", "layers", "output", "latent", "weights"]
)
def test_each_kind_of_dropout_has_an_effect_of_its_own(kind: str) -> None:
    shape = Shape(9, 5, layers=2, experts=2)
    model = made(shape, Dropout(**{kind: 0.5}))
    state = made(shape).eval()
    state.load_state_dict(model.state_dict())
    assert model(WORDS, TARGETS).nats != state(WORDS, TARGETS).nats


def test_dropped_features_are_those_of_the_output_mask() -> None:
    found = made(Shape(9, 50), Dropout(output=0.5))(WORDS, TARGETS)
    ratio = (found.dropped / found.features).detach()
    torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio))
    assert ratio.unique().round().tolist() == [0.0, 2.0]


def test_all_weights_start_within_the_range_asked_for() -> None:
    model = made(Shape(9, 5), initial_range=0.04)
    largest = max(p.abs().max().item() for n, p in model.named_parameters() if "bias" not in n)
    assert 0.03 < largest <= 0.04 and not model.decoder.bias.any()


@pytest.mark.parametrize("layers", [1, 2])
def test_layers_of_pytorch_do(layers: int) -> None:
    rates = Dropout(words=0.5, embedding=0.5, output=0.5, weights=0.5)
    model = made(Shape(9, 5, layers=layers), rates, build=torch_layer)
    model(WORDS, TARGETS).nats.backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("kind", ["x", "h", "edges"])
def test_layers_without_masks_refuse_dropout_within_them(kind: str) -> None:
    def accepts(cell: str, **options: Any) -> nn.Module:
        options.pop("variational")
        return torch_layer(cell, **options)

    for build in (torch_layer, accepts):
        with pytest.raises(FenError, match=f"FEN450.*dropout_{kind} ask"):
            made(Shape(9, 5), Dropout(**{kind: 0.5}), build=build)


def test_weight_drop_needs_recurrent_matrices() -> None:
    class Plain(nn.Module):
        pass

    with pytest.raises(FenError, match=r"FEN451.*weight_drop=0.5"):
        made(Shape(9, 5), Dropout(weights=0.5), build=lambda cell, **_: Plain())


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_the_cell_and_pytorchs_layer_have_one_loss_curve(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LSTM.fen and nn.LSTM from the same parameters, with b_hh zero and frozen."""
    if backend == "torch":
        monkeypatch.setenv("FENAS_BACKEND", "torch")

    def frozen(cell: Any, **sizes: int) -> nn.Module:
        layer = compile("LSTM", **sizes).to_torch()
        for name, parameter in layer.named_parameters():
            parameter.requires_grad_(not name.startswith("bias_hh"))
        return layer

    curves = [curve(made(Shape(9, 8), build=build)) for build in (compile, frozen)]
    torch.testing.assert_close(curves[0], curves[1], rtol=1e-4, atol=0.0)
    assert curves[0][-1] < 0.95 * curves[0][0]


def curve(model: WordLanguageModel) -> list[float]:
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    found = []
    for _ in range(30):
        loss = model(WORDS, TARGETS).nats / TARGETS.numel()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found
