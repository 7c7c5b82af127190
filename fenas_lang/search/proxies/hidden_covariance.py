"""Hidden covariance (Serianni & Kalita 2023, "Training-free neural architecture search for RNNs and
transformers", ACL, section on RNN metrics; arXiv 2306.00288).

An untrained layer runs over a minibatch, and R is the correlation matrix of what its units emit
over all sequences and steps.  With λ the eigenvalues of R, and k = 1e-5,

    score = -Σ_i [ln(λ_i + k) + 1 / (λ_i + k)],

greatest where no unit repeats another: the Kullback-Leibler form of Mellor et al. 2020 (first
version), taken over hidden states in place of Jacobians.  As in the authors' code
(RNN_metrics.ipynb in aaronserianni/training-free-nas), units are the rows of R, weights are uniform
within 1/√H, and inputs are uniform within 0.1, as are words of an untrained embedding.  A unit that
never changes correlates with nothing (λ = 0 for it, where the authors' code has no number).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fenas_lang.engine.compiled import class_of
from fenas_lang.ir.graph import Dataflow
from fenas_lang.syntax.ast import Cell

HIDDEN, STEPS, SEQUENCES = 32, 70, 10
"""H, T and B; the authors have T = 70, B = 10 and the benchmark's own sizes."""
INPUT_RANGE = 0.1
K = 1e-5


def score(
    cell: Cell,
    dataflow: Dataflow,
    seed: int,
    *,
    hidden: int = HIDDEN,
    steps: int = STEPS,
    sequences: int = SEQUENCES,
) -> float:
    """The score of a cell with H = `hidden`, on `sequences` random sequences of `steps` inputs.

    The higher, the better.  `dataflow` is the cell lowered; all randomness follows from `seed`.
    Minus infinity where states overflow.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        x = torch.empty(steps, sequences, hidden).uniform_(-INPUT_RANGE, INPUT_RANGE)
        emitted, _ = class_of(cell, dataflow, frozenset())(hidden, hidden)(x)
    return from_states(emitted)


def from_states(states: Tensor) -> float:
    """The score from what units emit, (T, B, H)."""
    units = states.double().flatten(0, 1).t()
    if not bool(units.isfinite().all()):
        return -math.inf
    eigenvalues = torch.linalg.eigvalsh(correlations(units)).clamp(min=0)
    return -float((torch.log(eigenvalues + K) + 1 / (eigenvalues + K)).sum())


def correlations(units: Tensor) -> Tensor:
    """Pearson's correlations of the rows; 0 with a row that is constant."""
    centred = units - units.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    still = norms <= torch.finfo(torch.float32).eps * units.norm(dim=1, keepdim=True)
    normed = torch.where(still, 0.0, centred / norms.where(~still, norms.new_ones(())))
    return normed @ normed.t()
