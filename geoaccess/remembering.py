"""What was found once, for the next question of a process that asks many alike: the variations of a study.

Nothing is kept unless `remember` was called: most processes ask once.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    import numpy.typing as npt

__all__ = [
    "Found",
    "addresses",
    "all_found",
    "arrays_digest",
    "forget",
    "is_remembering",
    "remember",
    "remembered",
    "remembered_of",
    "remembered_with",
    "take_over",
]

Value = TypeVar("Value")

_MOST: Final = 3
"""So many of a kind are kept: variations come in turn, and each of them needs one or two."""
_Kinds = dict[str, OrderedDict[tuple[tuple[int, ...], "Hashable"], tuple[tuple[object, ...], Any]]]
"""Of each kind, by the ids of the objects that it was found for and a key: these objects, and what was found."""
_found: _Kinds = {}
_with: weakref.WeakKeyDictionary[Any, _Kinds] = weakref.WeakKeyDictionary()
_on: list[bool] = []


class Found(NamedTuple):
    """What was found once: of which kind, for which objects and key, and what it is let go of with, if anything."""

    owner: object | None
    kind: str
    values: tuple[object, ...]
    key: Hashable
    value: Any


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
    _with.clear()


def all_found() -> list[Found]:
    """Return all that is kept, for another process to take over."""
    kept: list[tuple[object | None, _Kinds]] = [(None, _found), *_with.items()]
    return [
        Found(owner, kind, values, key, value)
        for owner, kinds in kept
        for kind, of_kind in kinds.items()
        for (_, key), (values, value) in of_kind.items()
    ]


def take_over(found: Iterable[Found]) -> None:
    """Remember what another process found: of objects that came from there, these very ones count.

    >>> import pickle
    >>> remember()
    >>> sizes = [3, 4]
    >>> remembered_of("sum", (sizes,), "", lambda: sum(sizes))
    7
    >>> sent = pickle.dumps((sizes, all_found()))
    >>> forget()
    >>> sizes, found = pickle.loads(sent)  # in the other process
    >>> take_over(found)
    >>> remembered_of("sum", (sizes,), "", lambda: 0)
    7
    >>> forget()
    """
    remember()
    for one in found:
        kinds = _found if one.owner is None else _with.setdefault(one.owner, {})
        ids = tuple(map(id, one.values))
        kinds.setdefault(one.kind, OrderedDict())[ids, one.key] = one.values, one.value


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
    return _kept(_found, kind, (), key, make, most) if _on else make()


def _kept(
    kinds: _Kinds, kind: str, values: tuple[object, ...], key: Hashable, make: Callable[[], Value], most: int
) -> Value:
    kept, full_key = kinds.setdefault(kind, OrderedDict()), (tuple(map(id, values)), key)
    if full_key in kept:
        kept.move_to_end(full_key)
        value: Value = kept[full_key][1]
        return value
    made = make()
    if made is not None or values:
        kept[full_key] = values, made
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
    return _kept(_found, kind, values, key, make, most) if _on else make()


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
    return _kept(_with.setdefault(owner, {}), kind, values, key, make, most) if _on else make()


def addresses(arrays: Iterable[npt.NDArray[Any]]) -> Hashable:
    """Return where arrays lie in the memory of this process, and how: a key of their content as long as they are kept.

    >>> import numpy as np
    >>> both = np.zeros((2, 3))
    >>> addresses([both[0]]) == addresses([both[0]]), addresses([both[0]]) == addresses([both[1]])
    (True, False)
    """
    shown = (array.__array_interface__ for array in arrays)
    return os.getpid(), *((one["data"][0], one["shape"], one["strides"], one["typestr"]) for one in shown)


def arrays_digest(arrays: Iterable[npt.NDArray[Any]]) -> str:
    """Return a digest of the content of some arrays of numbers.

    >>> import numpy as np
    >>> arrays_digest([np.arange(3)]) == arrays_digest([np.arange(3)]) != arrays_digest([np.arange(4)])
    True
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
