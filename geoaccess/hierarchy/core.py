"""The `Hierarchy`: a network put in an order in which questions are answered by one sweep."""

from __future__ import annotations

from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import ordering, unpacking

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
        at `outward` and `inward` deciseconds; 2**31 where no way leads. Nodes without arcs, which have nothing above
        them, come first, after the core.
    parts
        Where the parts begin that threads may sweep at once, and the count of nodes: all nodes from parts[0] on have
        arcs, those of part i >= 1, parts[i]:parts[i + 1], only to nodes before parts[1] and to each other. Left out, it
        is one part.
    """

    network: Network
    core: int
    place: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    outward: npt.NDArray[np.uint32]
    inward: npt.NDArray[np.uint32]
    parts: npt.NDArray[np.int64] = dataclass_field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        if not self.parts.size:
            bare = np.searchsorted(self.start, self.start[self.core], side="right") - 1
            object.__setattr__(self, "parts", np.array([bare, self.start.size - 1], np.int64))
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
        node.flags.writeable = False
        return node

    @cached_property
    def stream(self) -> npt.NDArray[np.uint32]:
        """The heads as a sweep reads them, the highest bit set at the last arc of each node: 4 bytes an arc.

        The costs of the arcs stand beside it in `outward` and `inward`: new ones need no new stream.
        """
        stream: npt.NDArray[np.uint32] = ordering.streamed(self.start, self.head)
        return stream

    @cached_property
    def head_node(self) -> npt.NDArray[np.int32]:
        """The node of the network that each arc leads to: 4 bytes an arc."""
        head_node: npt.NDArray[np.int32] = self.node[self.head]
        head_node.flags.writeable = False
        return head_node

    @cached_property
    def below(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The arcs to and from nodes below each node: see `kernels.unpacking.arcs_below`."""
        found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]] = unpacking.arcs_below(
            self.start, self.head
        )
        return found
