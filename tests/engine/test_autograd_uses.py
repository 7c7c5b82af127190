"""What people do with layers in torch: each use gives what the same layer gives as operations."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from fenas_lang.check.loader import load
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.kernel import shared_object
from fenas_lang.engine.layer import compile

pytestmark = pytest.mark.skipif(shared_object() is None, reason="the kernel was not built")

T, B, D, H = 5, 3, 4, 6


@pytest.fixture
def layer() -> CompiledLayer:
    torch.manual_seed(0)
    return compile(load("LSTM"), D, H, dtype=torch.float64)


@pytest.fixture
def x() -> Tensor:
    return torch.randn(T, B, D, dtype=torch.float64)


def gradients(layer: nn.Module) -> list[Tensor]:
    return [p.grad.clone() for p in layer.parameters() if p.grad is not None]


def same(found: list[Tensor], expected: list[Tensor]) -> bool:
    return len(found) == len(expected) and all(map(torch.allclose, found, expected))


def in_torch(layer: CompiledLayer, x: Tensor) -> Tensor:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FENAS_BACKEND", "torch")
        output: Tensor = layer(x)[0]
    return output


def test_hooks_of_modules_and_tensors(layer: CompiledLayer, x: Tensor) -> None:
    seen: list[str] = []
    layer.register_forward_pre_hook(lambda *_: seen.append("before"))
    layer.register_forward_hook(lambda *_: seen.append("after"))
    layer.register_full_backward_hook(lambda *_: seen.append("back"))
    edge = layer.edges()["i.x"]
    edge.register_hook(lambda g: seen.append("edge") or 2 * g)
    output, _ = layer(x.requires_grad_())
    output.register_hook(lambda g: seen.append("output"))
    output.sum().backward()
    assert seen[:3] == ["before", "after", "output"] and {"edge", "back"} == set(seen[3:])
    doubled = edge.grad
    layer.zero_grad()
    (expected,) = torch.autograd.grad(in_torch(layer, x).sum(), [layer.edges()["i.x"]])
    assert doubled is not None and torch.allclose(doubled, expected)


def test_gradients_accumulate(layer: CompiledLayer, x: Tensor) -> None:
    layer(x)[0].sum().backward()
    once = gradients(layer)
    layer(x)[0].sum().backward()
    assert same(gradients(layer), [2 * g for g in once])


def test_a_graph_can_be_kept_and_used_again(layer: CompiledLayer, x: Tensor) -> None:
    output = layer(x)[0]
    output.sum().backward(retain_graph=True)
    once = gradients(layer)
    output.sum().backward(retain_graph=True)
    assert same(gradients(layer), [2 * g for g in once])
    output.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        output.sum().backward()


def test_two_calls_in_one_graph(layer: CompiledLayer, x: Tensor) -> None:
    first, state = layer(x)
    second, _ = layer(x.flip(0), state)
    found = torch.autograd.grad((first * second).sum(), list(layer.parameters()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FENAS_BACKEND", "torch")
        first, state = layer(x)
        second, _ = layer(x.flip(0), state)
    expected = torch.autograd.grad((first * second).sum(), list(layer.parameters()))
    assert same(list(found), list(expected))


def test_final_states_alone(layer: CompiledLayer, x: Tensor) -> None:
    _, (h, c) = layer(x)
    found = torch.autograd.grad(c.sum(), list(layer.parameters()), retain_graph=True)
    assert all(
        g.abs().sum() > 0 for g, n in zip(found, layer.edges(), strict=True) if "o." not in n
    )
    assert torch.equal(h[0], layer(x)[0][-1])


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoints(layer: CompiledLayer, x: Tensor, reentrant: bool) -> None:
    x.requires_grad_()
    output = checkpoint(lambda v: layer(v)[0], x, use_reentrant=reentrant)
    output.square().sum().backward()
    found, of_x = gradients(layer), x.grad
    layer.zero_grad()
    x.grad = None
    in_torch(layer, x).square().sum().backward()
    assert same(found, gradients(layer))
    assert of_x is not None and x.grad is not None and torch.allclose(of_x, x.grad)


def test_anomaly_mode_names_what_is_not_finite(layer: CompiledLayer, x: Tensor) -> None:
    with torch.autograd.set_detect_anomaly(True, check_nan=True), pytest.warns(UserWarning):
        layer(x)[0].sum().backward()
        x[0, 0, 0] = torch.nan
        output = layer(x)[0]
        with pytest.raises(RuntimeError, match="returned nan values"):
            output.sum().backward()


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_anomaly_mode_with_finite_values(layer: CompiledLayer, x: Tensor) -> None:
    layer(x)[0].sum().backward()
    expected = gradients(layer)
    layer.zero_grad()
    with torch.autograd.set_detect_anomaly(True):
        layer(x)[0].sum().backward()
    assert same(gradients(layer), expected)


def test_inference_mode_and_no_grad(layer: CompiledLayer, x: Tensor) -> None:
    expected = layer(x)[0]
    with torch.inference_mode():
        output, (h, _) = layer(x)
        assert output.is_inference() and h.is_inference()
    with torch.no_grad():
        quiet = layer(x)[0]
    assert torch.allclose(output, expected) and torch.allclose(quiet, expected)
    assert not quiet.requires_grad and expected.requires_grad
    after = layer(output[..., :D].clone())  # what inference gave, as an input of training
    after[0].sum().backward()


def test_parameters_that_are_made_in_inference_mode(x: Tensor) -> None:
    with torch.inference_mode():
        layer = compile(load("GRU"), D, H, dtype=torch.float64)
        first = layer(x)[0]
        layer.edges()["r.x"].mul_(2)
        assert not torch.allclose(layer(x)[0], first)


def _in_place(layer: CompiledLayer) -> None:
    with torch.no_grad():
        layer.edges()["u.h_prev"].mul_(2)


def _data(layer: CompiledLayer) -> None:
    layer.edges()["u.h_prev"].data.view(-1)[7] += 1


def _new_data(layer: CompiledLayer) -> None:
    edge = layer.edges()["u.h_prev"]
    edge.data = edge.data * 2


def _through_numpy(layer: CompiledLayer) -> None:
    layer.edges()["u.h_prev"].detach().numpy()[3, 2] += 1


def _of_x(layer: CompiledLayer) -> None:
    layer.edges()["a.x"].data.mul_(3)


def _bias(layer: CompiledLayer) -> None:
    layer.edges()["u.bias"].data.add_(1)


def _loaded(layer: CompiledLayer) -> None:
    layer.load_state_dict({k: 2 * v for k, v in layer.state_dict().items()})


def _assigned(layer: CompiledLayer) -> None:
    layer.load_state_dict({k: 2 * v for k, v in layer.state_dict().items()}, assign=True)


def _edges(layer: CompiledLayer) -> None:
    layer.load_edges({k: 2 * v for k, v in layer.edges().items()})


def _optimised(layer: CompiledLayer) -> None:
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    layer(torch.ones(T, B, D, dtype=torch.float64))[0].square().sum().backward()
    optimizer.step()


def _parameter(layer: CompiledLayer) -> None:
    layer.edge__u__h_prev = nn.Parameter(2 * layer.edges()["u.h_prev"].detach())


CHANGES = [
    *(_in_place, _data, _new_data, _through_numpy, _of_x, _bias),
    *(_loaded, _assigned, _edges, _optimised, _parameter),
]


@pytest.mark.parametrize("training", [True, False], ids=["training", "eval"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_changed_weights_are_seen(
    change: Callable[[CompiledLayer], None], training: bool, x: Tensor
) -> None:
    torch.manual_seed(0)
    layer = compile(load("GRU"), D, H, dtype=torch.float64).train(training)
    for _ in range(2):
        with torch.no_grad():
            before = layer(x)[0], layer(x)[0]
        change(layer)
        with torch.no_grad():
            found, expected = layer(x)[0], in_torch(layer, x)
        assert not torch.allclose(found, before[1])
        assert torch.allclose(found, expected)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_are_on_their_own(
    how: Callable[[CompiledLayer], CompiledLayer], layer: CompiledLayer, x: Tensor
) -> None:
    layer.eval()
    with torch.no_grad():
        expected = layer(x)[0]
        copied = how(layer)
        assert torch.equal(copied(x)[0], expected)
        for edge in copied.edges().values():
            edge.zero_()
        assert torch.equal(layer(x)[0], expected)
        assert not torch.allclose(copied(x)[0], expected)


def test_tied_weights(x: Tensor) -> None:
    one = compile(load("LSTM"), D, H, dtype=torch.float64)
    other = compile(load("LSTM"), D, H, dtype=torch.float64)
    other.edge__i__h_prev = one.edge__f__h_prev
    (one(x)[0] + other(x)[0]).sum().backward()
    found = one.edges()["f.h_prev"].grad
    assert found is not None
    (expected,) = torch.autograd.grad(
        (in_torch(one, x) + in_torch(other, x)).sum(), [one.edges()["f.h_prev"]]
    )
    assert torch.allclose(found, expected)
