"""The `Hierarchy`: a network put in an order in which questions are answered by one sweep."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import unpacking

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Hierarchy"]


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A network with shortcuts, ordered so that every shortest path goes up and then down.

    Made by `contract` (whole) or `light` (nodes of few neighbours contracted, the rest is its core). Give it to
    `geoaccess.nearest`, `travel_times` and the other questions in place of its network: the answers are the same to
    the bit, only sooner.

    Parameters
    ----------
    network
        What it was made of.
    core
        How many nodes, the first ones, are not contracted; 0 for a whole hierarchy.
    place
        For each node of the network its number here, counted from the top.
    start, head, outward, inward
        Node p here has arcs start[p]:start[p + 1], each to and from the node `head` above it (in the core: beside it)
        at `outward` and `inward` deciseconds; 2**31 where no way leads.
    """

    network: Network
    core: int
    place: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    outward: npt.NDArray[np.uint32]
    inward: npt.NDArray[np.uint32]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it is made of, as a `Network` does."""
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def __repr__(self) -> str:
        """Say how large it is."""
        kept = f", {self.core} of them in its core" if self.core else ""
        return f"Hierarchy({self.place.size} nodes{kept}, {self.head.size} arcs)"

    def check_whole(self) -> None:
        """Refuse a question that only a whole hierarchy answers right."""
        if self.core:
            raise InputError("this hierarchy has a core that is not contracted; make one with geoaccess.contract")

    def costs(self, *, reverse: bool) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Return what going up and going down costs for a search along the arcs, or `reverse` against them."""
        return (self.inward, self.outward) if reverse else (self.outward, self.inward)

    @cached_property
    def node(self) -> npt.NDArray[np.int32]:
        """For each number here, from the top, the node of the network."""
        node = np.empty(self.place.size, np.int32)
        node[self.place] = np.arange(self.place.size, dtype=np.int32)
        return node

    @cached_property
    def below(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The arcs to and from nodes below each node: see `kernels.unpacking.arcs_below`."""
        found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]] = unpacking.arcs_below(
            self.start, self.head
        )
        return found
