"""The `Hierarchy`: a contracted network; and the `Order` it is made in, which is kept on disk."""

from geoaccess.hierarchy.build import at_hand, contract, light, whole
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.hierarchy.metric import Metric
from geoaccess.hierarchy.order import Order, has_order, order_of
from geoaccess.hierarchy.store import load_order, save_order, topology_digest

__all__ = [
    "Hierarchy",
    "Metric",
    "Order",
    "at_hand",
    "contract",
    "has_order",
    "light",
    "load_order",
    "order_of",
    "save_order",
    "topology_digest",
    "whole",
]
