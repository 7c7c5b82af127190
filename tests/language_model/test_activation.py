"""AR and TAR, by hand."""

from __future__ import annotations

import pytest
import torch

from fenas_lang.language_model.activation import activation_penalty, temporal_penalty


def test_penalties_by_hand() -> None:
    features = torch.tensor([[[1.0, -2.0]], [[3.0, 0.0]], [[3.0, 1.0]]])
    assert activation_penalty(features, 2.0) == pytest.approx(2 * (1 + 4 + 9 + 0 + 9 + 1) / 6)
    assert temporal_penalty(features, 0.5) == pytest.approx(0.5 * (4 + 4 + 0 + 1) / 4)


def test_a_single_step_has_no_change() -> None:
    assert temporal_penalty(torch.ones(1, 2, 3), 1.0) == 0
    assert activation_penalty(torch.ones(1), 0.0) == 0
