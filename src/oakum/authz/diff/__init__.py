"""What changes between two contracts, exact over resource × field × world × state × endpoint."""

from oakum.authz.diff.compare import Difference, Move, compare, renamings
from oakum.authz.diff.render_text import DifferenceLine, changes

__all__ = ["Difference", "DifferenceLine", "Move", "changes", "compare", "renamings"]
