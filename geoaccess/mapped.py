"""Values that several processes read from one file, mapped into memory: none of them holds a copy of its own.

Arrays stand in the file as they are in memory, and are used from there. A process that writes to one gets the pages it
writes to for itself; nothing reaches the file, or another process. Of shapes the coordinates stand there, from which
each process makes its own.
"""

from __future__ import annotations

import mmap
import pickle
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from geoaccess.files import explained

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Mapped", "write_mapped"]

Value = TypeVar("Value")

_PROTOCOL = 5
"""The first that leaves arrays out of what it writes."""
_ALIGNED = 64
_ARRAYS, _PLACES = ".arrays", ".places"
_READ_AT_ONCE = 3
"""A process goes on with so many values that it was given last."""


@dataclass(frozen=True)
class Mapped(Generic[Value]):
    """A value to give to tasks: `here` in this process, from its file in every other."""

    here: Value | None
    path: Path | None = None

    @property
    def value(self) -> Value:
        """The value; read once in each process."""
        if self.path is None or self.here is not None:
            return self.here  # type: ignore[return-value] # a value without a file is here
        found: Value = _loaded(self.path)
        return found

    @property
    def once(self) -> Value:
        """The value for one task alone: this process does not keep it for the next."""
        if self.path is None or self.here is not None:
            return self.here  # type: ignore[return-value] # a value without a file is here
        found: Value = _read(self.path)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the name of the file in place of what is in it."""
        return type(self), (self.here if self.path is None else None, self.path)


class _Pickler(pickle.Pickler):
    """Leaves out arrays, and whatever is known by another name."""

    def __init__(
        self, file: IO[bytes], arrays: list[pickle.PickleBuffer], by_name: Callable[[object], Any] | None
    ) -> None:
        super().__init__(file, protocol=_PROTOCOL, buffer_callback=arrays.append)
        self._by_name = by_name
        self._shapes: dict[bytes, object] = {}

    def reducer_override(self, value: object) -> Any:
        """Say how to make a value again; as pickle does, where nothing better is known."""
        if isinstance(value, np.memmap):  # of a class of its own, of which pickle leaves out nothing
            return np.asarray(value).__reduce_ex__(_PROTOCOL)
        found = None if self._by_name is None else self._by_name(value)
        found = self._by_coordinates(value) if found is None else found
        return NotImplemented if found is None else found

    def _by_coordinates(self, value: object) -> tuple[Any, ...] | None:
        """Return how to make the shapes of a table again; those that another table has as well are written once."""
        known = sys.modules.get("geopandas.array")  # who has shapes has imported it
        if known is None or not isinstance(value, known.GeometryArray):
            return None
        which = np.fromiter(map(id, np.asarray(value, dtype=object)), np.int64, len(value)).tobytes()
        first = self._shapes.setdefault(which, value)
        return _by_coordinates(value) if first is value else (_same_shapes, (first, value.crs))


def _by_coordinates(value: Any) -> tuple[Any, ...] | None:
    """Return how to make the shapes of a table again from arrays, to the bit; None for others than plain shapes.

    As geopandas would send them, they are a text for each shape, which nobody can map.
    """
    import shapely

    shapes = np.asarray(value, dtype=object)
    kinds = shapely.get_type_id(shapes)
    others = (kinds < 0) | np.isin(kinds, (shapely.GeometryType.LINEARRING, shapely.GeometryType.GEOMETRYCOLLECTION))
    if (others | shapely.is_empty(shapes) | shapely.has_z(shapes)).any():
        return None
    parts = [(rows, _arrays_of(shapes[rows])) for rows in (np.flatnonzero(kinds == kind) for kind in np.unique(kinds))]
    return _shapes_again, (len(shapes), parts, value.crs)


def _arrays_of(shapes: npt.NDArray[np.object_]) -> tuple[Any, ...]:
    """Return shapes of one kind as arrays; of squares and the like, the corners of each."""
    import shapely

    corners = shapely.get_num_coordinates(shapes)
    areas = shapely.get_type_id(shapes[0]) == shapely.GeometryType.POLYGON
    if areas and (corners == corners[0]).all() and not shapely.get_num_interior_rings(shapes).any():
        return (shapely.get_coordinates(shapes).reshape(len(shapes), -1, 2),)
    return shapely.to_ragged_array(shapes)


def _shapes_again(number: int, parts: list[tuple[npt.NDArray[np.int64], tuple[Any, ...]]], crs: Any) -> Any:
    import shapely
    from geopandas.array import GeometryArray

    shapes = np.empty(number, dtype=object)
    for rows, arrays in parts:
        shapes[rows] = shapely.polygons(arrays[0]) if len(arrays) == 1 else shapely.from_ragged_array(*arrays)
    return GeometryArray(shapes, crs=crs)


def _same_shapes(first: Any, crs: Any) -> Any:
    return type(first)(np.asarray(first, dtype=object), crs=crs)


def write_mapped(value: Value, path: Path, *, by_name: Callable[[object], Any] | None = None) -> Mapped[Value]:
    """Write a value to a file, with its arrays in another beside it, for processes that map it.

    Parameters
    ----------
    value
        Anything that can be pickled.
    path
        Where to; every process must see it under this name for as long as it may ask for the value.
    by_name
        Returns for a value that is kept elsewhere the function that finds it there and what to give to it, as
        `object.__reduce__` does; None for any other.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sent = write_mapped({"times": np.arange(3)}, Path(folder) / "times")
    ...     pickle.loads(pickle.dumps(sent)).value["times"].tolist()
    [0, 1, 2]
    """
    arrays: list[pickle.PickleBuffer] = []
    with explained(path):
        beside = path.with_name(path.name + _ARRAYS)
        with path.open("wb") as file:
            _Pickler(file, arrays, by_name).dump(value)
        places, at = [], 0
        with beside.open("wb") as file:
            for array in arrays:
                raw = array.raw()
                file.write(b"\0" * (-at % _ALIGNED))
                at += -at % _ALIGNED
                places.append((at, raw.nbytes, raw.readonly))
                at += file.write(raw)
        with path.with_name(path.name + _PLACES).open("wb") as file:
            pickle.dump(places, file)
    return Mapped(value, path)


@lru_cache(maxsize=_READ_AT_ONCE)
def _loaded(path: Path) -> Any:
    return _read(path)


def _read(path: Path) -> Any:
    """Load a value, its arrays from the map; those that could not be written to still cannot."""
    beside = path.with_name(path.name + _ARRAYS)
    whole = memoryview(b"")
    if beside.stat().st_size:
        with beside.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    places = pickle.loads(path.with_name(path.name + _PLACES).read_bytes())  # noqa: S301 - our own, of a moment ago
    parts = [(whole[at : at + size], fixed) for at, size, fixed in places]
    arrays = [part.toreadonly() if fixed else part for part, fixed in parts]
    return pickle.loads(path.read_bytes(), buffers=arrays)  # noqa: S301
