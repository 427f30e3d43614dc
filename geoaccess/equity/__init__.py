"""How unevenly a quantity falls on people: indices, curves and gaps between groups, every one weighted by people."""

from __future__ import annotations

from geoaccess.equity.gaps import gap
from geoaccess.equity.inequality import gini, lorenz

__all__ = ["gap", "gini", "lorenz"]
