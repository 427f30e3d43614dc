"""The `Hierarchy`: a contracted network, and keeping it on disk."""

from geoaccess.hierarchy.build import contract, light, whole
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.hierarchy.store import load_hierarchy, network_digest, save_hierarchy

__all__ = ["Hierarchy", "contract", "light", "load_hierarchy", "network_digest", "save_hierarchy", "whole"]
