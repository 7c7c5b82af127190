"""The mixture of softmaxes against its definition, with all probabilities at hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy
from fenas_lang.language_model.mixture import Mixture


def by_definition(
    mixture: Mixture, decoder: LinearCrossEntropy, features: Tensor, targets: Tensor
) -> Tensor:
    latent = torch.tanh(mixture.latent(features)).unflatten(-1, (-1, mixture.size))  # type: ignore[no-untyped-call]
    words = torch.softmax(decoder.logits(latent), -1)
    mixed = (torch.softmax(mixture.prior(features), -1).unsqueeze(-1) * words).sum(-2)
    return -mixed.gather(-1, targets.unsqueeze(-1)).squeeze(-1).log()


@pytest.mark.parametrize("experts", [1, 3])
def test_loss_and_gradients_are_those_of_the_mixed_probabilities(experts: int) -> None:
    torch.manual_seed(0)
    mixture = Mixture(5, 4, experts).double()
    decoder = LinearCrossEntropy(4, 11).double()
    features = torch.randn(3, 2, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(11, (3, 2))
    operands = [features, *mixture.parameters(), *decoder.parameters()]
    losses = mixture(features, targets, decoder)
    wanted = by_definition(mixture, decoder, features, targets)
    torch.testing.assert_close(losses, wanted)
    found = torch.autograd.grad(losses.sum(), operands)
    torch.testing.assert_close(found, torch.autograd.grad(wanted.sum(), operands))


def test_probabilities_of_all_words_add_up_to_one() -> None:
    torch.manual_seed(0)
    mixture, decoder = Mixture(5, 4, 3), LinearCrossEntropy(4, 11)
    features = torch.randn(1, 1, 5).expand(11, 1, 5)
    losses = mixture(features, torch.arange(11).unsqueeze(1), decoder)
    assert losses.neg().exp().sum().item() == pytest.approx(1)


def test_latent_dropout_has_one_mask_a_sequence() -> None:
    torch.manual_seed(0)
    mixture, decoder = Mixture(5, 40, 2), LinearCrossEntropy(40, 11)
    features = torch.randn(1, 2, 5).expand(6, 2, 5)
    losses = mixture(features, torch.zeros(6, 2).long(), decoder, 0.5)
    torch.testing.assert_close(losses, losses[:1].expand_as(losses))
    assert not torch.allclose(losses, mixture(features, torch.zeros(6, 2).long(), decoder))
