"""What slows a car beside the limit: curves, and junctions where it gives way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import assembling, graph
from geoaccess.kernels.threads import parts_of, share
from geoaccess.toml import Field, Table

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CurveRules", "JunctionRules", "PaceRules", "add_curves", "add_junctions"]

_SHARP = 1e-3  # radians; a smaller turn is a straight road
_AT_ONCE = 1 << 18
_DIRECTIONS = ("forward_s", "backward_s")


class PaceRules(Table):
    """What is kept of the speed that the tags allow, on the way as a whole."""

    share: float = Field(default=1.0, gt=0, le=1.5)


class CurveRules(Table):
    """How fast curves are taken."""

    lateral_mps2: float = Field(default=0.0, ge=0, le=1000)
    within_m: float = Field(default=30.0, gt=0, le=10_000)


class JunctionRules(Table):
    """What it costs to come out of a lesser road, and to meet one's equal."""

    give_way_s: float = Field(default=0.0, ge=0, le=1000)
    equal_s: float = Field(default=0.0, ge=0, le=1000)


def add_curves(
    segments: dict[str, npt.NDArray[Any]],
    length_m: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    rules: CurveRules,
) -> None:
    """Add to segments, in the order of their ways and in place, the time lost in the curves between them.

    Two segments of lengths l and k that turn by an angle w stand for an arc of radius (l + k) / 2w, which is driven
    at v = sqrt(a r) at the most, with a the lateral acceleration that drivers accept. The nearer half of each
    segment, `within_m` at the most, is driven at that speed instead of its own.
    """
    if rules.lateral_mps2 <= 0 or length_m.size < 2:  # noqa: PLR2004
        return
    turn = np.zeros(length_m.size - 1)

    def measure(first: int, last: int) -> None:
        some = slice(first, last + 1)
        turn[first:last] = _turns(segments["a"][some], segments["b"][some], segments["way"][some], lon, lat)

    share(measure, parts_of(turn.size, _AT_ONCE))  # so that the whole country's bearings never stand in memory
    rule = float(rules.lateral_mps2), float(rules.within_m)
    for direction in _DIRECTIONS:
        lose = partial(assembling.lose_in_curves, segments[direction], length_m, turn, *rule)
        share(lose, parts_of(length_m.size, _AT_ONCE))


def _turns(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    way: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return by how many radians each segment but the last turns into the next one; 0 where that is of another way."""
    east = (lon[b] - lon[a]) * np.cos(np.radians((lat[a] + lat[b]) / 2))
    bearing = np.arctan2(east, lat[b] - lat[a])
    follows = (way[:-1] == way[1:]) & (b[:-1] == a[1:])
    turn = np.abs(np.remainder(bearing[1:] - bearing[:-1] + np.pi, 2 * np.pi) - np.pi)
    return np.where(follows & (turn > _SHARP), turn, 0.0)


def add_junctions(
    segments: dict[str, npt.NDArray[Any]],
    road: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int16],
    size: int,
    rules: JunctionRules,
) -> None:
    """Add to segments, in place, what their junctions cost.

    `rank` is that of the kind of road that each segment is of, 0 for the greatest class; `size` the number of points.

    Where three or more ends of road meet, a road of a lesser class than the greatest there pays `give_way_s` for
    coming out or going in, roads of the greatest class pay `equal_s` where at least three of them meet. Half of it is
    charged on each road that is driven.
    """
    if rules.give_way_s <= 0 and rules.equal_s <= 0:
        return
    costs = float(rules.give_way_s), float(rules.equal_s)
    times = (segments[direction] for direction in _DIRECTIONS)
    graph.add_junction_costs(size, segments["a"], segments["b"], road, rank, *costs, *times)
