"""The mixture of softmaxes (Yang, Dai, Salakhutdinov & Cohen 2018, "Breaking the softmax
bottleneck"), section 2.4: a word's probability is a weighted sum of those of several softmaxes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy, linear_cross_entropy
from fenas_lang.language_model.dropout import locked


class Mixture(nn.Module):
    """K experts over one decoder: features (T, B, H) to K vectors of the decoder's size E, and
    K weights that add up to 1.

    P(w) = Σ_k softmax(prior f)_k · softmax(decoder(tanh(latent f)_k))_w.
    """

    def __init__(self, features: int, size: int, experts: int):
        super().__init__()
        self.size = size
        self.prior = nn.Linear(features, experts, bias=False)
        self.latent = nn.Linear(features, experts * size)

    def forward(
        self, features: Tensor, targets: Tensor, decoder: LinearCrossEntropy, rate: float = 0.0
    ) -> Tensor:
        """Nats of each target, (T, B); `rate` is dropout of the latent vectors, a mask a sequence.

        Only the experts' losses exist, never their logits: -log Σ_k exp(log prior_k - loss_k).
        """
        latent = locked(torch.tanh(self.latent(features)), rate)
        experts = latent.view(*latent.shape[:-1], -1, self.size)
        prior = torch.log_softmax(self.prior(features), -1)
        wanted = targets.unsqueeze(-1).expand_as(prior)
        losses = linear_cross_entropy(experts, decoder.weight, decoder.bias, wanted, "none")
        return -torch.logsumexp(prior - losses, -1)
