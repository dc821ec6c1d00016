"""Compares two contracts exactly, for each resource × field × world × state × endpoint."""

from oakum.contract_diff.compare import Difference, Move, compare, renamings
from oakum.contract_diff.render_text import DifferenceLine, changes

__all__ = ["Difference", "DifferenceLine", "Move", "changes", "compare", "renamings"]
