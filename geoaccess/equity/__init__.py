"""How unevenly a quantity falls on people: indices, curves and gaps between groups, every one weighted by people.

Values are one number per row (seconds, or supply per person), weights its people. People who are not reached have no
value that an index could use: every index refuses them, saying how many there are, and the caller leaves them out and
says so. Only `fgt` with alpha 0 and `norm_shortfall` count them.
"""

from __future__ import annotations

from geoaccess.equity.aversion import atkinson, decompose_atkinson, decompose_kolm_pollak, kolm_pollak, kolm_pollak_ede
from geoaccess.equity.concentration import concentration_index
from geoaccess.equity.entropy import decompose_theil_l, decompose_theil_t, theil_l, theil_t
from geoaccess.equity.gaps import gap
from geoaccess.equity.inequality import decompose_gini, gini, lorenz, palma
from geoaccess.equity.intervals import Interval, bootstrap_interval
from geoaccess.equity.norms import decompose_fgt, fgt, norm_shortfall
from geoaccess.equity.table import equity_table, equity_table_of_services

__all__ = [
    "Interval",
    "atkinson",
    "bootstrap_interval",
    "concentration_index",
    "decompose_atkinson",
    "decompose_fgt",
    "decompose_gini",
    "decompose_kolm_pollak",
    "decompose_theil_l",
    "decompose_theil_t",
    "equity_table",
    "equity_table_of_services",
    "fgt",
    "gap",
    "gini",
    "kolm_pollak",
    "kolm_pollak_ede",
    "lorenz",
    "norm_shortfall",
    "palma",
    "theil_l",
    "theil_t",
]
