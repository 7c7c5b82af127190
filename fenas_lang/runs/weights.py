"""Weights of a model as a file, and back: each tensor once, by its name in the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fenas_lang.rules import runs as rules
from fenas_lang.rules.search import NEEDS_EXTRA
from fenas_lang.runs.files import write_whole

EPOCH = "epoch"


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """All that a model's `state_dict` has, tensors that have several names by the first one."""
    seen: set[int] = set()
    found = {}
    for name, value in model.state_dict(keep_vars=True).items():
        if id(value) not in seen:
            seen.add(id(value))
            found[name] = value.detach()
    return found


def write_weights(
    path: Path, model: nn.Module, origin: Mapping[str, str], hint: str | None = None
) -> None:
    """A model's weights as safetensors, `origin` in the file's header.  Raises FEN463."""
    safetensors = _safetensors()
    values = {name: value.contiguous() for name, value in weights_of(model).items()}
    content: bytes = safetensors.save(values, {"format": "pt", **origin})
    write_whole(path, lambda sink: sink.write(content), hint)


def read_weights(path: Path, model: nn.Module) -> Mapping[str, str]:
    """Put the weights of a file into a model; what the file says of their origin.

    Raises FEN462 for a damaged file, FEN476 for weights of another model.
    """
    _safetensors()
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            values = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            origin: Mapping[str, str] = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        hint = "it is written again after the next better epoch, or by a new run"
        raise rules.DAMAGED_RUN.error(path=path, reason=error, hint=hint) from error
    give(model, values, path)
    return origin


def give(model: nn.Module, values: Mapping[str, Tensor], path: Path) -> None:
    """Put values from `path` into a model that has exactly these.  Raises FEN476."""
    wanted = weights_of(model)
    wrong = wanted.keys() ^ values.keys()
    shapes = [n for n in wanted.keys() - wrong if wanted[n].shape != values[n].shape]
    for problem, names in (("only one of them has", wrong), ("another shape have", shapes)):
        if names:
            reason = f"{problem} {', '.join(sorted(names)[:3])}"
            raise rules.MODEL_DIFFERS.error(path=path, reason=reason)
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(values[name])


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise NEEDS_EXTRA.error(
            purpose="a run's file of weights", package="safetensors", extra="tasks"
        ) from error
    return safetensors.torch
