"""What slows a car beside the limit: curves, and junctions where it gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import graph
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
    parts = parts_of(length_m.size - 1, _AT_ONCE)  # so that the whole country's bearings never stand in memory
    more = {direction: np.empty(length_m.size) for direction in _DIRECTIONS}
    # What the first segment of each part loses to a curve at the end of the part before.
    beyond = {direction: np.zeros(len(parts)) for direction in _DIRECTIONS}

    def lose(first: int, last: int) -> None:
        some = slice(first, last + 1)
        bends, turn = _bends(segments["a"][some], segments["b"][some], segments["way"][some], lon, lat)
        for direction in _DIRECTIONS:
            lost = _lost_s(segments[direction][some], length_m[some], bends, turn, rules)
            more[direction][first:last] = lost[:-1]
            if last < length_m.size - 1:
                beyond[direction][last // _AT_ONCE] = lost[-1]
            else:
                more[direction][last] = lost[-1]

    share(lose, parts)
    for direction, losses in more.items():
        losses[[first for first, _ in parts]] += beyond[direction]
        times = segments[direction]
        np.add(times, losses, out=times, where=times >= 0)


def _lost_s(
    times: npt.NDArray[np.float64],
    length_m: npt.NDArray[np.float64],
    bends: npt.NDArray[np.int64],
    turn: npt.NDArray[np.float64],
    rules: CurveRules,
) -> npt.NDArray[np.float64]:
    """Return the seconds that each segment loses, of which some turn into the next one by so many radians."""
    speed = np.sqrt(rules.lateral_mps2 * ((length_m[bends] + length_m[bends + 1]) / 2 / turn))
    lost = np.zeros(times.size)
    for at in (bends, bends + 1):
        part = np.minimum(length_m[at] / 2, rules.within_m)
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = times[at] / length_m[at] * part
        lost[at] += np.where(times[at] > 0, np.maximum(part / speed - usual, 0.0), 0.0)
    return lost


def _bends(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    way: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the segments that turn into the next one of their way, and by how many radians."""
    east = (lon[b] - lon[a]) * np.cos(np.radians((lat[a] + lat[b]) / 2))
    bearing = np.arctan2(east, lat[b] - lat[a])
    follows = (way[:-1] == way[1:]) & (b[:-1] == a[1:])
    turn = np.abs(np.remainder(bearing[1:] - bearing[:-1] + np.pi, 2 * np.pi) - np.pi)
    bends = np.flatnonzero(follows & (turn > _SHARP))
    return bends, turn[bends]


def add_junctions(
    segments: dict[str, npt.NDArray[Any]], rank: npt.NDArray[np.int32], size: int, rules: JunctionRules
) -> None:
    """Add to segments, in place, what their junctions cost.

    `rank` is 0 for the greatest class of road, `size` the number of points.

    Where three or more ends of road meet, a road of a lesser class than the greatest there pays `give_way_s` for
    coming out or going in, roads of the greatest class pay `equal_s` where at least three of them meet. Half of it is
    charged on each road that is driven.
    """
    if rules.give_way_s <= 0 and rules.equal_s <= 0:
        return
    cost = graph.junction_costs(size, segments["a"], segments["b"], rank, rules.give_way_s, rules.equal_s)
    for direction in _DIRECTIONS:
        times = segments[direction]
        np.add(times, cost, out=times, where=times >= 0)
