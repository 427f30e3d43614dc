"""Values that several processes read from one file, mapped into memory: none of them holds a copy of its own.

Arrays stand in the file as they are in memory, and are used from there. A process that writes to one gets the pages it
writes to for itself; nothing reaches the file, or another process.
"""

from __future__ import annotations

import mmap
import pickle
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from geoaccess.files import explained

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Mapped", "write_mapped"]

Value = TypeVar("Value")

_PROTOCOL = 5
"""The first that leaves arrays out of what it writes."""
_ALIGNED = 64
_ARRAYS, _PLACES = ".arrays", ".places"


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

    def reducer_override(self, value: object) -> Any:
        """Say how to make a value again; as pickle does, where nothing better is known."""
        if isinstance(value, np.memmap):  # of a class of its own, of which pickle leaves out nothing
            return np.asarray(value).__reduce_ex__(_PROTOCOL)
        found = None if self._by_name is None else self._by_name(value)
        return NotImplemented if found is None else found


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


@lru_cache(maxsize=1)
def _loaded(path: Path) -> Any:
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
