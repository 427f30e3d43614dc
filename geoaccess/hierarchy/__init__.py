"""The `Hierarchy`: a contracted network, and keeping it on disk."""

from geoaccess.hierarchy.build import contract, light, whole
from geoaccess.hierarchy.core import Hierarchy

__all__ = ["Hierarchy", "contract", "light", "whole"]
