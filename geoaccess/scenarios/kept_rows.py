"""Rows of an answer that takes long, kept while it is made: an interrupted run goes on where it was."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["KeptRows", "digest_of", "kept_rows"]

_WHOLE = 1.0
"""Stands after each row that was written whole: of a file that was being made longer, the end may hold zeros."""


def digest_of(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    """Return a digest of all that an answer is made of, and of the version that makes it.

    >>> digest_of([np.array([1, 2])]) == digest_of([np.array([1]), np.array([2])])
    False
    """
    found = hashlib.sha256(__version__.encode())
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


@dataclass(frozen=True)
class KeptRows:
    """The first rows, which are there already, shape (n_kept, n_columns), and where to put more; None: nowhere.

    `table` are all rows of the file, and `held` says which of them are there: several processes may have put some each.
    """

    rows: npt.NDArray[np.float64]
    file: IO[bytes] | None
    table: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    held: npt.NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    def put(self, first: int, rows: npt.NDArray[np.float64]) -> None:
        """Write rows from number `first` on; whoever writes the same answer at the same time writes the same bytes."""
        if self.file is not None:
            marked = np.column_stack([rows, np.full(len(rows), _WHOLE)])
            with contextlib.suppress(OSError):  # a row that is not there whole is computed again
                self.file.seek(first * marked[0].nbytes if len(marked) else 0)
                self.file.write(marked.tobytes())
                self.file.flush()


@contextlib.contextmanager
def kept_rows(path: Path | None, columns: int) -> Iterator[KeptRows]:
    """Yield the rows of a file, which more can be put into; the file stays. Without one, nothing is kept.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for begin in (0, 2):
    ...         with kept_rows(Path(folder) / "some.rows", 3) as kept:
    ...             print(len(kept.rows))
    ...             kept.put(begin, np.ones((2, 3)))
    0
    2
    """
    file = None if path is None else _opened(path)
    if file is None:
        yield KeptRows(np.empty((0, columns)), None, np.empty((0, columns)))
        return
    with contextlib.ExitStack() as stack:
        stack.callback(_close, file)
        held = np.frombuffer(file.read(), np.uint8)
        row = 8 * (columns + 1)
        table = held[: held.size - held.size % row].view(np.float64).reshape(-1, columns + 1)
        whole = table[:, -1] == _WHOLE
        count = len(table) if whole.all() else int(np.argmin(whole))
        yield KeptRows(table[:count, :-1].copy(), file, table[:, :-1].copy(), whole)


def _close(file: IO[bytes]) -> None:
    with contextlib.suppress(OSError):  # what a full disk did not take is tried once more
        file.close()


def _opened(path: Path) -> IO[bytes] | None:
    """Open a file to read and to write; None where nothing can be written: the answer can be computed all the same."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path.open("r+b")
    except OSError:
        return None
