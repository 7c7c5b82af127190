"""The chunked softmax cross-entropy is the ordinary one, in less memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

import fenas_lang as fen
from fenas_lang import FenError
from fenas_lang.engine import softmax_rows
from fenas_lang.engine.linear_cross_entropy import (
    REDUCTIONS,
    LinearCrossEntropy,
    linear_cross_entropy,
)

Loss = Callable[..., Tensor]
IGNORED = -100


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(softmax_rows, "CHUNK", 40)
    monkeypatch.setattr(softmax_rows, "LEAST_ROWS", 2)
    monkeypatch.setattr(softmax_rows, "SLAB", 20)
    monkeypatch.setattr(softmax_rows, "ALIGNED", 2)


def operands(
    rows: int, words: int, size: int, scale: float = 1.0, dtype: torch.dtype = torch.float64
) -> list[Tensor]:
    draw = torch.Generator().manual_seed(rows * 10_000 + words * 100 + size)
    shapes = ((rows, size), (words, size), (words,))
    made = [scale * torch.randn(s, generator=draw, dtype=torch.float64) for s in shapes]
    return [t.to(dtype).requires_grad_() for t in made]


def targets(rows: int, words: int, ignored: int = 0) -> Tensor:
    """Every `ignored`-th one does not count."""
    made = torch.arange(rows) * 7 % words
    if ignored:
        made[::ignored] = IGNORED
    return made


def plain(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, *options: Any
) -> Tensor:
    reduction, ignored, smoothing = (*options, *("mean", IGNORED, 0.0)[len(options) :])
    logits = F.linear(hidden, weight, bias)
    return F.cross_entropy(
        logits, target, reduction=reduction, ignore_index=ignored, label_smoothing=smoothing
    )


def results(loss: Loss, inputs: list[Tensor], target: Tensor, *options: Any) -> list[Tensor]:
    """The loss, and the gradients of a number made of it."""
    value = loss(*inputs, target, *options)
    mixed = (value * torch.linspace(2, 3, value.numel(), dtype=value.dtype).view_as(value)).sum()
    return [value, *torch.autograd.grad(mixed, inputs)]


def assert_same(ours: list[Tensor], theirs: list[Tensor], tolerance: float = 1e-10) -> None:
    for a, b in zip(ours, theirs, strict=True):
        limit = tolerance * (1 + float(b.detach().nan_to_num().abs().max()) if b.numel() else 1)
        torch.testing.assert_close(a, b, atol=limit, rtol=0, equal_nan=True)


@settings(deadline=None, max_examples=50)
@given(
    rows=st.integers(0, 12),
    words=st.integers(1, 50),
    size=st.integers(1, 5),
    ignored=st.integers(0, 3),
    reduction=st.sampled_from(REDUCTIONS),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_value_and_gradients_are_those_of_cross_entropy(
    rows: int, words: int, size: int, ignored: int, reduction: str, smoothing: float
) -> None:
    inputs, target = operands(rows, words, size), targets(rows, words, ignored)
    options = (reduction, IGNORED, smoothing)
    assert_same(
        results(linear_cross_entropy, inputs, target, *options),
        results(plain, inputs, target, *options),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_by_finite_differences(reduction: str) -> None:
    inputs, target = operands(5, 4, 3), targets(5, 4)
    assert torch.autograd.gradcheck(lambda *t: linear_cross_entropy(*t, target, reduction), inputs)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e3])
def test_large_logits_neither_overflow_nor_underflow(scale: float) -> None:
    inputs, target = operands(6, 50, 4, scale), targets(6, 50)
    assert_same(results(linear_cross_entropy, inputs, target), results(plain, inputs, target))


def test_single_precision_is_as_exact_as_torch() -> None:
    exact = results(plain, operands(30, 50, 8), targets(30, 50))
    single = operands(30, 50, 8, dtype=torch.float32)
    ours = results(linear_cross_entropy, single, targets(30, 50))
    assert_same([t.double() for t in ours], exact, 1e-5)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_is_so_where_it_is_in_torch(value: float) -> None:
    inputs, target = operands(5, 6, 2), targets(5, 6)
    with torch.no_grad():
        inputs[0][1, 0] = value
    ours = results(linear_cross_entropy, inputs, target, "none")
    theirs = results(plain, inputs, target, "none")
    assert [t.isfinite().tolist() for t in ours] == [t.isfinite().tolist() for t in theirs]


def test_where_nothing_counts_the_mean_is_not_a_number_and_gradients_are_zero() -> None:
    inputs, target = operands(4, 5, 3), targets(4, 5, 1)
    value, *gradients = results(linear_cross_entropy, inputs, target)
    assert value.isnan()
    assert not any(g.any() for g in gradients)
    assert linear_cross_entropy(*inputs, target, "sum") == 0


@pytest.mark.parametrize("needed", range(3))
def test_only_gradients_that_are_needed(needed: int) -> None:
    inputs = [t.detach().requires_grad_(k == needed) for k, t in enumerate(operands(7, 9, 3))]
    linear_cross_entropy(*inputs, targets(7, 9)).backward()
    whole = results(plain, operands(7, 9, 3), targets(7, 9))[1:]
    assert [t.grad is not None for t in inputs] == [k == needed for k in range(3)]
    found = inputs[needed].grad
    assert found is not None
    torch.testing.assert_close(found, whole[needed] / 2)


def test_strides_and_leading_dimensions_do_not_matter() -> None:
    hidden, weight, bias = operands(12, 9, 4)
    turned = hidden.detach().t().contiguous().t().view(12, 4).requires_grad_()
    columns = weight.detach().t().contiguous().t().requires_grad_()
    wanted = results(plain, [hidden, weight, bias], targets(12, 9))
    assert_same(results(linear_cross_entropy, [turned, columns, bias], targets(12, 9)), wanted)
    losses = linear_cross_entropy(
        hidden.view(3, 4, 4), weight, bias, targets(12, 9).view(3, 4), "none"
    )
    torch.testing.assert_close(losses.mean(), wanted[0])


def test_a_kept_graph_gives_the_same_again() -> None:
    inputs = operands(7, 9, 3)
    loss = linear_cross_entropy(*inputs, targets(7, 9, 3))
    first = torch.autograd.grad(2 * loss, inputs, retain_graph=True)
    assert_same(list(torch.autograd.grad(2 * loss, inputs)), list(first))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_second_derivative_is_refused(reduction: str) -> None:
    inputs = operands(4, 5, 3)
    loss = linear_cross_entropy(*inputs, targets(4, 5), reduction).sum()
    gradient, *_ = torch.autograd.grad(loss, inputs, create_graph=True)
    with pytest.raises(RuntimeError, match="cannot be differentiated twice"):
        gradient.sum().backward()


def test_weights_tied_with_an_embedding() -> None:
    embedding = nn.Embedding(11, 4, dtype=torch.float64)
    head = LinearCrossEntropy(4, 11, dtype=torch.float64)
    head.weight = embedding.weight
    words = targets(12, 11).view(4, 3)
    head(embedding(words).tanh(), words).backward()
    found, embedding.weight.grad = embedding.weight.grad, None
    logits = F.linear(embedding(words).tanh(), embedding.weight, head.bias)
    F.cross_entropy(logits.flatten(0, 1), words.flatten()).backward()
    torch.testing.assert_close(found, embedding.weight.grad)


def test_the_module_is_a_linear_layer() -> None:
    head, linear = LinearCrossEntropy(3, 5), nn.Linear(3, 5)
    head.load_state_dict(linear.state_dict())
    hidden = torch.randn(2, 3)
    assert torch.equal(head.logits(hidden), linear(hidden))
    assert "reduction=mean" in repr(head)


def test_half_precision_and_autocast_are_computed_in_float32() -> None:
    inputs, target = operands(6, 9, 4, dtype=torch.float32), targets(6, 9)
    rounded = [t.detach().bfloat16().requires_grad_() for t in inputs]
    value, *gradients = results(linear_cross_entropy, rounded, target)
    assert {t.dtype for t in (value, *gradients)} == {torch.bfloat16}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = results(linear_cross_entropy, inputs, target)
        mixed = linear_cross_entropy(rounded[0], *inputs[1:], target)
    assert mixed.dtype == torch.float32
    assert_same(cast, results(plain, inputs, target), 1e-5)


def test_compiled_without_a_graph_break() -> None:
    inputs, target = operands(7, 9, 3), targets(7, 9)

    def loss(hidden: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
        return linear_cross_entropy(2 * hidden, weight, bias, target)

    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    assert_same(results(compiled, inputs, target), results(loss, inputs, target))


def test_nothing_is_kept_once_the_loss_is_gone() -> None:
    inputs = operands(7, 9, 3)
    loss = linear_cross_entropy(*inputs, targets(7, 9))
    assert loss.grad_fn is not None
    node = weakref.ref(loss.grad_fn)
    del loss
    gc.collect()
    assert node() is None


def largest_allocation(work: Callable[[], object]) -> int:
    """Bytes of the largest block that torch allocates meanwhile."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        work()
    assert found.profiler is not None
    events = found.profiler.kineto_results.events()
    return max(event.nbytes() for event in events if event.name() == "[memory]")


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_it_never_holds_all_logits(reduction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, words = 400, 300
    monkeypatch.setattr(softmax_rows, "CHUNK", 3_000)
    inputs, target = operands(rows, words, 4), targets(rows, words)
    whole = rows * words * 8
    assert largest_allocation(lambda: results(plain, inputs, target, reduction)) >= whole
    ours = largest_allocation(lambda: results(linear_cross_entropy, inputs, target, reduction))
    assert ours <= 3_000 * 8


@pytest.mark.parametrize(
    "code, change",
    [
        ("FEN220", {"hidden": torch.zeros(())}),
        ("FEN220", {"weight": torch.zeros(3, 5)}),
        ("FEN220", {"bias": torch.zeros(3)}),
        ("FEN220", {"target": torch.zeros(3, dtype=torch.long)}),
        ("FEN221", {"hidden": torch.zeros(4, 3, dtype=torch.long)}),
        ("FEN221", {"weight": torch.zeros(5, 3, dtype=torch.float64)}),
        ("FEN221", {"target": torch.zeros(4)}),
        ("FEN221", {"target": torch.zeros(4, dtype=torch.long, device="meta")}),
        ("FEN222", {"target": torch.tensor([0, 1, 5, 2])}),
        ("FEN222", {"target": torch.tensor([0, 1, -1, 2])}),
        ("FEN223", {"reduction": "average"}),
        ("FEN223", {"label_smoothing": 2.0}),
    ],
)
def test_what_does_not_fit_is_named(code: str, change: dict[str, Any]) -> None:
    fits = {"hidden": torch.zeros(4, 3), "weight": torch.zeros(5, 3), "bias": torch.zeros(5)}
    given = fits | {"target": torch.zeros(4, dtype=torch.long)} | change
    with pytest.raises(FenError, match=code) as caught:
        fen.linear_cross_entropy(**given)
    name = next(iter(change))
    assert name in str(caught.value)
