"""Penalties of activations (Merity, McCann & Socher 2017, "Revisiting activation regularization for
language RNNs"; Merity et al. 2018, section 4.6)."""

from __future__ import annotations

from torch import Tensor


def activation_penalty(dropped: Tensor, alpha: float) -> Tensor | float:
    """AR: alpha times the mean square of the features (T, B, H) after dropout."""
    return alpha * dropped.square().mean() if alpha else 0.0


def temporal_penalty(features: Tensor, beta: float) -> Tensor | float:
    """TAR, slowness: beta times the mean square of the features' change from step to step, before
    dropout; of a single step there is none."""
    return beta * features.diff(dim=0).square().mean() if beta and len(features) > 1 else 0.0
