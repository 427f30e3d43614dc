"""The straight walk between two snapped points, as the documents say it: an oracle of its own."""

from __future__ import annotations

import math


def straight_ds(p, q):
    """Deciseconds on foot from p to q where they are no farther apart than both are from the network, else None."""
    if p.edge < 0 or q.edge < 0:
        return None
    apart, both = math.hypot(p.x_m - q.x_m, p.y_m - q.y_m), p.off_network_m + q.off_network_m
    if apart > both:
        return None
    return round(apart / both * (p.off_network_ds + q.off_network_ds)) if both else 0
