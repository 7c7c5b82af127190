"""FEN220-229: what `linear_cross_entropy` is given does not fit together."""

from __future__ import annotations

from fenas_lang.rules import Rule

_GOOD = """
import torch
import fenas_lang as fen
hidden, weight = torch.randn(6, 20), torch.randn(100, 20)
fen.linear_cross_entropy(hidden, weight, None, torch.randint(100, (6,)))
"""


def _bad(call: str) -> str:
    return f"""
import torch
import fenas_lang as fen
hidden, weight = torch.randn(6, 20), torch.randn(100, 20)
fen.linear_cross_entropy({call})
"""


WRONG_SHAPE = Rule(
    "FEN220",
    "an operand of linear_cross_entropy has the wrong shape",
    "{name} must have shape {wanted}, not {given}",
    "hidden is (…, H), weight (V, H) as in `nn.Linear`, bias (V) or None, and target has hidden's"
    " shape without H: one number of a class for each row.",
    bad=_bad("hidden, weight.t(), None, torch.randint(100, (6,))"),
    good=_GOOD,
    language="python",
)

WRONG_TYPE = Rule(
    "FEN221",
    "an operand of linear_cross_entropy has the wrong type",
    "{name} must be {wanted}, not {given}",
    "hidden, weight and bias have one floating point type and are on one device (under autocast"
    " their types may differ); target holds whole numbers.",
    bad=_bad("hidden, weight.double(), None, torch.randint(100, (6,))"),
    good=_GOOD,
    language="python",
)

TARGET_OUT_OF_RANGE = Rule(
    "FEN222",
    "a target that is no class",
    "target number {place} is {value}; the classes are 0 to {last}, and {ignored} is ignored",
    "Each target is the number of a row of weight, or `ignore_index` for a row that does not"
    " count.",
    bad=_bad("hidden, weight, None, torch.full((6,), 100)"),
    good=_GOOD,
    language="python",
)

BAD_OPTION = Rule(
    "FEN223",
    "an option that linear_cross_entropy does not have",
    "{name} must be {wanted}, not {given}",
    "`reduction` and `label_smoothing` mean what they mean for"
    " `torch.nn.functional.cross_entropy`.",
    bad=_bad("hidden, weight, None, torch.randint(100, (6,)), reduction='average'"),
    good=_GOOD,
    language="python",
)
