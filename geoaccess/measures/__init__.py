"""Tables of how long people need, and who is not reached, from the table that has one row per cell."""

from __future__ import annotations

from geoaccess.measures.contrast import class_contrast
from geoaccess.measures.curves import people_by_time
from geoaccess.measures.groups import UNCLASSIFIED
from geoaccess.measures.quantiles import weighted_quantile
from geoaccess.measures.specification import REASONS, ServiceSpec
from geoaccess.measures.summary import norm_table, summarise

__all__ = [
    "REASONS",
    "UNCLASSIFIED",
    "ServiceSpec",
    "class_contrast",
    "norm_table",
    "people_by_time",
    "summarise",
    "weighted_quantile",
]
