"""NT-ASGD: its steps, its trigger and its means, by hand and against torch."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import Tensor, nn

from fenas_lang.language_model.nt_asgd import NonMonotoneASGD


def quadratic(weight: Tensor) -> Tensor:
    return (weight - torch.tensor([1.0, -2.0])).square().sum()


def step(optimizer: torch.optim.Optimizer, weight: Tensor) -> Tensor:
    optimizer.zero_grad()
    quadratic(weight).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return weight.detach().clone()


@pytest.mark.parametrize(
    "metrics, begins",
    [
        ([5, 6, 7, 8], 3),  # nothing stands before the last two until the fourth
        ([5, 4, 3, 4, 4, 4], 5),  # only then does the 3 stand before the last two
        ([9, 8, 7, 6, 5, 4], None),
        ([5, 5, 5, 5, 5], None),  # equal is not worse
        ([3, 1, 2, 2.5], None),
    ],
)
def test_the_trigger_looks_past_the_last_metrics(metrics: list[float], begins: int | None) -> None:
    optimizer = NonMonotoneASGD([nn.Parameter(torch.zeros(2))], lr=0.1, window=2)
    averaging = []
    for metric in metrics:
        optimizer.observe(metric)
        averaging.append(optimizer.averaging)
    assert averaging == [begins is not None and t >= begins for t in range(len(metrics))]


def test_steps_are_those_of_sgd_with_weight_decay() -> None:
    own, other = (nn.Parameter(torch.ones(2)) for _ in range(2))
    ours = NonMonotoneASGD([own], lr=0.1, weight_decay=0.3)
    theirs = torch.optim.SGD([other], lr=0.1, weight_decay=0.3)
    for _ in range(5):
        torch.testing.assert_close(step(ours, own), step(theirs, other))


def triggered(weight: nn.Parameter) -> NonMonotoneASGD:
    optimizer = NonMonotoneASGD([weight], lr=0.1, window=1)
    step(optimizer, weight)
    for metric in (1.0, 2.0, 3.0):
        optimizer.observe(metric)
    assert optimizer.averaging
    return optimizer


def test_the_mean_is_of_the_iterates_after_the_trigger() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimizer = triggered(weight)
    with optimizer.averaged() as averaged:
        assert not averaged
    iterates = torch.stack([step(optimizer, weight) for _ in range(4)])
    with optimizer.averaged() as averaged:
        assert averaged
        torch.testing.assert_close(weight.detach(), iterates.mean(0))
    torch.testing.assert_close(weight.detach(), iterates[-1])


def test_the_own_weights_come_back_after_an_error() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimizer = triggered(weight)
    own = [step(optimizer, weight) for _ in range(3)][-1]
    with pytest.raises(KeyError), optimizer.averaged():
        raise KeyError
    assert torch.equal(weight.detach(), own)


def test_never_with_a_window_of_zero() -> None:
    optimizer = NonMonotoneASGD([nn.Parameter(torch.zeros(2))], lr=0.1, window=0)
    for metric in (1.0, 2.0, 3.0, 4.0):
        optimizer.observe(metric)
    assert not optimizer.averaging


@pytest.mark.parametrize("at", [0, 2, 5])
def test_resumed_from_a_checkpoint_it_does_exactly_the_same(at: int) -> None:
    """Steps, metrics, trigger and means; the checkpoint is read as data alone."""

    def go(weight: Tensor, optimizer: NonMonotoneASGD, epochs: range) -> None:
        for epoch in epochs:
            step(optimizer, weight)
            step(optimizer, weight)
            optimizer.observe([5.0, 4.0, 6.0, 7.0, 8.0, 3.0, 2.0, 1.0][epoch])

    whole = nn.Parameter(torch.zeros(2))
    expected = NonMonotoneASGD([whole], lr=0.1, window=1)
    go(whole, expected, range(8))

    weight = nn.Parameter(torch.zeros(2))
    first = NonMonotoneASGD([weight], lr=0.1, window=1)
    go(weight, first, range(at))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    again = nn.Parameter(weight.detach().clone())
    second = NonMonotoneASGD([again], lr=99.0)
    second.load_state_dict(torch.load(file, weights_only=True))
    go(again, second, range(at, 8))

    assert torch.equal(again, whole) and second.averaging and expected.averaging
    with expected.averaged(), second.averaged():
        assert torch.equal(again, whole)


def test_a_copy_has_its_own_means() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimizer = triggered(weight)
    step(optimizer, weight)
    twin = copy.deepcopy(optimizer)
    (mean,) = (state["mean"] for state in twin.state.values())
    torch.testing.assert_close(mean, weight.detach())
    twin.param_groups[0]["metrics"].append(0.0)
    assert twin.averaging and optimizer.param_groups[0]["metrics"] == [1.0, 2.0, 3.0]
