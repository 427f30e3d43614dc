"""What was found once, for the next question of a process that asks many alike: the variations of a study.

Nothing is kept unless `remember` was called: most processes ask once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    import numpy.typing as npt

__all__ = ["arrays_digest", "forget", "is_remembering", "remember", "remembered", "remembered_of", "remembered_with"]

Value = TypeVar("Value")

_MOST: Final = 3
"""So many of a kind are kept: variations come in turn, and each of them needs one or two."""
_WITH: Final = "_remembered"
_found: dict[str, OrderedDict[Hashable, Any]] = {}
_on: list[bool] = []


def is_remembering() -> bool:
    """Whether anything is kept."""
    return bool(_on)


def remember() -> None:
    """Keep from now on what is found in this process; who changes what was returned spoils it for the next."""
    if not _on:
        _on.append(True)


def forget() -> None:
    """Let go of all that was kept, and keep nothing more."""
    _on.clear()
    _found.clear()


def remembered(kind: str, key: Hashable, make: Callable[[], Value], *, most: int = _MOST) -> Value:
    """Return what was found for a key, the same object, or find it; None is not kept.

    Of a kind the last `most` that were used stay: fewer of what is large.

    >>> remember()
    >>> remembered("number", 1, lambda: [1]) is remembered("number", 1, lambda: [2])
    True
    >>> forget()
    >>> remembered("number", 1, lambda: [2])
    [2]
    """
    return _kept(_found, kind, key, make, most) if _on else make()


def _kept(
    kinds: dict[str, OrderedDict[Hashable, Any]], kind: str, key: Hashable, make: Callable[[], Value], most: int
) -> Value:
    kept = kinds.setdefault(kind, OrderedDict())
    if key in kept:
        kept.move_to_end(key)
        value: Value = kept[key]
        return value
    made = make()
    if made is not None:
        kept[key] = made
        while len(kept) > most:
            kept.popitem(last=False)
    return made


def remembered_of(
    kind: str, values: tuple[object, ...], key: Hashable, make: Callable[[], Value], *, most: int = _MOST
) -> Value:
    """Return what was found for these very objects and a key, or find it.

    The objects are kept as well: so no others can get their ids.

    >>> remember()
    >>> cells = [1]
    >>> remembered_of("sum", (cells,), "", lambda: 1), remembered_of("sum", ([1],), "", lambda: 2)
    (1, 2)
    >>> forget()
    """
    return remembered(kind, (tuple(map(id, values)), key), lambda: (values, make()), most=most)[1]


def remembered_with(
    owner: object,
    kind: str,
    key: Hashable,
    make: Callable[[], Value],
    *,
    values: tuple[object, ...] = (),
    most: int = _MOST,
) -> Value:
    """Return what was found for an object, such as a network, and is let go of with it, or find it.

    Of other `values` that it depends on, the very objects count.
    """
    if not _on:
        return make()
    kinds = owner.__dict__.setdefault(_WITH, {})
    return _kept(kinds, kind, (tuple(map(id, values)), key), lambda: (values, make()), most)[1]


def arrays_digest(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """Return a digest of the content of some arrays of numbers.

    >>> import numpy as np
    >>> arrays_digest([np.arange(3)]) == arrays_digest([np.arange(3)]) != arrays_digest([np.arange(4)])
    True
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
