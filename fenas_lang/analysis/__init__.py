"""What a cell is: counts, costs, equations, bounds, gradient paths, and what it is equal to."""

from __future__ import annotations

from fenas_lang.analysis.figures import figures
from fenas_lang.analysis.overview import Analysis, analyze

__all__ = ["Analysis", "analyze", "figures"]
