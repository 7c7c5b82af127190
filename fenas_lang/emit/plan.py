"""`plan`: what is hoisted out of the time loop, and which products are fused at which level."""

from __future__ import annotations

from fenas_lang.emit.plain import documentation_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.plan.reverse import reverse
from fenas_lang.plan.text import plan_text, reverse_text


def emit(stages: Stages) -> str:
    """The dump of the plan that emitted code and the engine follow."""
    comments = "".join(f"# {line}".rstrip() + "\n" for line in documentation_lines(stages.cell))
    backwards = reverse_text(stages.plan, reverse(stages.plan))
    return comments + plan_text(stages.plan) + "\n" + backwards
