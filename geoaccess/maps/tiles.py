"""The cells of a map as tiles inside its page: small, and decoded by the browser when they come into view.

A level is all cells, or blocks of them, cut into tiles of 128 by 128 squares. A tile is one deflated run of bytes:

* the number of squares, as four bytes;
* nine places, three by three, as 18 numbers of four bytes: the corners, the middles of the sides and the middle of the
  tile, in decimetres of Web Mercator. Between them lie the corners of the squares, by a curve of second degree each
  way: of 128 squares of 250 m none is a decimetre off;
* column after column, each as planes: first the lowest byte of every value, then the next one. What is written is, by
  the kind of the column, the value itself, its difference to the square before, or to another column of the square;
* of a level of cells that are no squares, their outlines: all points one after another in decimetres, each as the
  difference to the one before and the first to the first of the nine places, x and y apart, four planes each. The
  column `points` holds how many each cell has.

All numbers have the little end first. Squares come row by row from the south-west.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from geoaccess.maps.bands import band_index
from geoaccess.maps.packing import mercator, outlines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.maps.results import Cells, Times

__all__ = ["NO_TIME", "UNREACHED", "pack_level", "pack_points"]

UNREACHED: Final = 255
NO_TIME: Final = 65535
_TILE: Final = 128
_PLACES: Final = 3


class _Column(NamedTuple):
    """A column as it is written: how many bytes a value has, and what it is a difference to ("" for itself)."""

    name: str
    size: int
    against: str
    values: npt.NDArray[np.int64]


def pack_level(
    cells: Cells,
    crs: Any,
    *,
    edges: Mapping[str, Sequence[float]],
    more: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    municipality: npt.NDArray[np.int64],
    reasons: Sequence[str],
    no_class: int,
) -> dict[str, Any]:
    """Pack cells, or blocks of them, as a level of the map.

    Parameters
    ----------
    crs
        Of the squares.
    edges
        Upper edges of the bands of each service, seconds.
    more
        Those of other bands, by service and name: each is a column more.
    municipality
        Of each square, the place of its municipality in the list of the page.
    reasons
        All reasons, in the order of the page.
    no_class
        What stands for no class.

    Returns
    -------
    `factor` and `widest` (metres of Web Mercator) of the squares, their number `count`, how many a tile is `across`,
    `columns` (name, bytes, against), and `tiles`: the box in Web Mercator (west, south, east, north) and the data,
    deflated, in base64.
    """
    squares = cells.squares
    column = np.rint((squares.west - squares.west.min()) / squares.side_m).astype(np.int64)
    row = np.rint((squares.south - squares.south.min()) / squares.height_m).astype(np.int64)
    across = int(column.max()) // _TILE + 1
    tile = row // _TILE * across + column // _TILE
    inside = row % _TILE * _TILE + column % _TILE
    order = np.lexsort((inside, tile))
    written = _columns(cells, inside, edges, municipality, reasons, no_class)
    written |= {one.name: one for key, others in (more or {}).items() for one in _more_bands(cells, key, others)}
    outlines = _Outlines.of(cells, crs)
    if outlines is not None:
        written["points"] = _Column("points", 4, "before", outlines.counts)
    starts = np.flatnonzero(np.diff(tile[order], prepend=-1))
    numbers = tile[order][starts]
    places = _places(cells, numbers % across, numbers // across, crs)
    tiles = []
    ends = np.append(starts[1:], len(order))
    planes = _planes(written, order, starts)
    for first, last, at in zip(starts.tolist(), ends.tolist(), places, strict=True):
        rows = order[first:last]
        head = np.concatenate([[len(rows)], at.reshape(-1)]).astype("<i4").tobytes()
        parts = [planes[first:last].T.tobytes()]
        edge = at.reshape(-1, 2)
        if outlines is not None:
            points = outlines.points(rows)
            parts.append(_planes_of(np.diff(points, axis=0, prepend=at[:1, 0])))
            edge = np.concatenate([edge, points])
        box = [*(edge.min(axis=0) // 10), *(-(-edge.max(axis=0) // 10))]
        tiles.append([[int(side) for side in box], _deflated(head + b"".join(parts))])
    return {
        "factor": cells.factor,
        "widest": round(_widest(places), 1),
        "count": len(order),
        "across": _TILE,
        "columns": [[one.name, one.size, one.against] for one in written.values()],
        "tiles": tiles,
    }


def pack_points(xy: npt.NDArray[np.float64]) -> str:
    """Pack places in whole metres, each as the difference to the one before, x and y apart: four planes of each."""
    whole = np.rint(xy).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return _deflated(_planes_of(steps))


def _planes_of(steps: npt.NDArray[np.int64]) -> bytes:
    return b"".join(_bytes(steps[:, axis], 4) for axis in (0, 1))


@dataclass(frozen=True)
class _Outlines:
    """The outlines of cells of any shape, decimetres of Web Mercator."""

    xy: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, cells: Cells, crs: Any) -> _Outlines | None:
        if cells.squares.shapes is None:
            return None
        xy, ends = outlines_of(cells.squares, crs, np.arange(len(cells.population)))
        return cls(np.rint(10 * xy).astype(np.int64), ends)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        return np.diff(self.ends, prepend=0)

    def points(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        parts = np.split(self.xy, self.ends[:-1])
        return np.concatenate([parts[row] for row in rows])


def _places(cells: Cells, column: npt.NDArray[np.int64], row: npt.NDArray[np.int64], crs: Any) -> npt.NDArray[np.int64]:
    """Return the nine places of each tile in decimetres, shape (tiles, 3, 3, 2): by row, by column, x and y."""
    side, high = cells.squares.side_m * _TILE, cells.squares.height_m * _TILE
    steps = np.arange(_PLACES) / (_PLACES - 1)
    x = cells.squares.west.min() + side * (column[:, None, None] + steps[None, None, :]) + 0.0 * steps[None, :, None]
    y = cells.squares.south.min() + high * (row[:, None, None] + steps[None, :, None]) + 0.0 * steps[None, None, :]
    return np.rint(10 * np.stack(mercator(x, y, crs), axis=-1)).astype(np.int64)


def _widest(places: npt.NDArray[np.int64]) -> float:
    """Return the longest side of a square, metres."""
    corner = places[:, 0, 0].astype(np.float64)
    sides = [np.hypot(*(places[:, row, column] - corner).T).max() for row, column in ((0, -1), (-1, 0))]
    return float(max(sides)) / 10 / _TILE


def _columns(
    cells: Cells,
    inside: npt.NDArray[np.int64],
    edges: Mapping[str, Sequence[float]],
    municipality: npt.NDArray[np.int64],
    reasons: Sequence[str],
    no_class: int,
) -> dict[str, _Column]:
    classes = np.where(cells.class_place < 0, no_class, cells.class_place)
    tenths = np.clip(np.rint(10 * cells.population), 0, 2**32 - 1).astype(np.int64)
    found = [
        _Column("place", 2, "before", inside),
        _Column("people", 4, "", tenths),
        _Column("municipality", 4, "before", municipality),
        _Column("classNumber", 1, "before", classes),
    ]
    if cells.factor > 1:
        found.append(_Column("members", 4, "", cells.members))
        if cells.about is not None:
            found.append(_Column("about", 1, "", cells.about.astype(np.int64)))
    for key, times in cells.times.items():
        found += _times(key, times, edges[key], reasons)
    return {column.name: column for column in found}


def _times(key: str, times: Times, edges_s: Sequence[float], reasons: Sequence[str]) -> list[_Column]:
    def tenths(values_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        short = np.minimum(np.where(np.isfinite(values_s), values_s, 0.0) / 6, NO_TIME - 1)
        return np.where(np.isfinite(values_s), np.rint(short), NO_TIME).astype(np.int64)

    band = band_index(times.time_s, edges_s=edges_s).astype(np.int64)
    found = [
        _Column(f"{key}.band", 1, "before", np.where(band < 0, UNREACHED, band)),
        _Column(f"{key}.time", 2, "before", tenths(times.time_s)),
        _Column(f"{key}.second", 2, f"{key}.time", tenths(times.second_s)),
        _Column(f"{key}.site", 4, "before", times.site),
        _Column(f"{key}.second_site", 4, "before", times.second_site),
        _Column(f"{key}.reason", 1, "", np.searchsorted(list(reasons), times.reason.astype(str))),
    ]
    part = np.where(np.isfinite(times.time_s), times.unreached_share, 0.0)
    return [*found, _Column(f"{key}.lost", 1, "", np.ceil(100 * part).astype(np.int64))] if part.any() else found


def _more_bands(cells: Cells, key: str, more: Mapping[str, Sequence[float]]) -> list[_Column]:
    bands = {name: band_index(cells.times[key].time_s, edges_s=edges).astype(np.int64) for name, edges in more.items()}
    return [_Column(f"{key}.band_{name}", 1, "before", np.where(b < 0, UNREACHED, b)) for name, b in bands.items()]


def _planes(
    columns: Mapping[str, _Column], order: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint8]:
    """Return the bytes of all columns of each square, in the order of tiles, which begin at `starts`."""
    found = []
    for column in columns.values():
        values = column.values[order]
        if column.against == "before":
            firsts = values[starts]
            values = np.diff(values, prepend=0)
            values[starts] = firsts
        elif column.against:
            values = values - columns[column.against].values[order]
        found.append(values.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : column.size])
    return np.concatenate(found, axis=1)


def _bytes(values: npt.NDArray[np.int64], size: int) -> bytes:
    """Return whole numbers as planes of bytes; one below 0 is that much below the end of the range."""
    planes = values.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :size]
    return np.ascontiguousarray(planes.T).tobytes()


def _deflated(content: bytes) -> str:
    press = zlib.compressobj(6, zlib.DEFLATED, -15, 9)
    return base64.b64encode(press.compress(content) + press.flush()).decode("ascii")
