"""Reading of an .osm.pbf what is not of its roads alone, block by block; of other files object by object, elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from geoaccess.arguments import checks_arguments
from geoaccess.osm.blobs import OtherPackingError
from geoaccess.osm.formats import is_pbf
from geoaccess.osm.pbf import PbfFile, UnsortedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from geoaccess.osm.blocks import Block
    from geoaccess.osm.sifting import Sieve

__all__ = ["sift", "taken_of_ways"]


class _Takes(Protocol):
    def add(self, block: Block, found: Any, /) -> None: ...


Taker = TypeVar("Taker", bound=_Takes)


def taken_of_ways(path: Path, of: Callable[[Block], Any], made: Callable[[], Taker]) -> Taker | None:
    """Give what is taken `of` each block of ways of a file to what is `made` for that, in their order, and return it.

    None where the file is no .osm.pbf that is read here. It is made anew where the file turns out to be out of order.
    """
    if not is_pbf(path):
        return None
    for thorough in (False, True):
        try:
            reader, found = PbfFile(path, thorough=thorough), made()
            for block, of_block in reader.taken_of_ways(of):
                found.add(block, of_block)
        except UnsortedError:
            continue
        except OtherPackingError:
            return None
        return found
    return None


@checks_arguments
def sift(paths: Sequence[Path], sieve: Sieve) -> None:
    """Find what a sieve takes of each .osm.pbf; it is in `sieve.found` then, except for files out of order.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    for path in paths:
        if is_pbf(path):
            try:
                reader = PbfFile(path, sieve=sieve)
                reader.sift()
            except (UnsortedError, OtherPackingError):
                continue
            if reader.sifting is not None:
                sieve.found[path] = reader.sifting
