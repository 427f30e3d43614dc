"""An .osm.pbf as a row of blocks: where they stand, whether each is whole, and the bytes that are packed in them."""

from __future__ import annotations

import contextlib
import itertools
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.kernels import pbf
from geoaccess.kernels.threads import thread_count

try:
    from isal import isal_zlib
except ImportError:  # an extra, and there are no wheels of it for some machines
    isal_zlib = None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.missing_nodes import Box

__all__ = ["HISTORY", "Blob", "OtherPackingError", "check_for_osmium", "list_blobs", "unpacked"]

Result = TypeVar("Result")

HISTORY = "holds the history of the map, not the map at one time; make an extract with `osmium time-filter`"
"""What is wrong with files of several versions of objects."""

_LARGEST_HEADER, _LARGEST_BLOB = 64 << 10, 32 << 20  # the format's own limits
_VARINT, _BYTES = 0, 2  # wire types of the encoding
_LONGEST_VARINT = 10
_RAW, _RAW_SIZE, _ZLIB = 1, 2, 3  # fields of a blob
_LZ4 = 6
_PACKINGS = {4: "lzma", 5: "bzip2", 7: "zstd"}
_BOX, _REQUIRED = 1, 4  # fields of the header
_KNOWN = {"OsmSchema-V0.6", "DenseNodes"}
_SWELLS, _ALWAYS = 20, 2 * _LARGEST_BLOB
"""Maps unpack to two or three times their size; a file may to twenty times, and a small one to two largest blocks."""
_AT_ONCE = 2 * _LARGEST_BLOB
"""So many bytes are unpacked before what became of the first of them is taken."""
_MOST_FIELDS = 16  # a blob has seven kinds of them
_PEEK = 2 * _LONGEST_VARINT


class Blob(NamedTuple):
    """Where the data of a block stands in its file, and to how many bytes it says that they unpack."""

    at: int
    size: int
    unpacked: int


class OtherPackingError(Exception):
    """A block of a file is packed by lz4."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def list_blobs(path: Path) -> tuple[Box | None, list[Blob]]:
    """Return the box that a file says it covers, and its blocks that hold data, after a look at its header.

    Raises
    ------
    InputError
        If the file is no .osm.pbf, ends in the middle of a block, unpacks to many times its size, or needs what is not
        known here.
    OtherPackingError
        If its header is packed by lz4.
    """
    blobs = _walked(path)
    _check_budget(path, blobs)
    return _check_header(path, blobs[0]), blobs[1:]


def check_for_osmium(path: Path) -> None:
    """Refuse an .osm.pbf that osmium must not be given.

    That is one that is damaged or unpacks to many times its size, and one with words in which a byte is 0: there osmium
    takes them to end, reads on beyond them, and the program is ended by the system. Of blocks packed by lz4 osmium says
    what is wrong.

    Raises
    ------
    InputError
        If it is one of these.
    """
    seen = path.stat()
    _check_once(path, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=64)
def _check_once(path: Path, size: int, changed_ns: int) -> None:
    """Look at a whole file, unless it is as it was when it was looked at before."""
    del size, changed_ns
    blobs = _walked(path)
    _check_budget(path, blobs)

    def broken_word(packed: bytes) -> bool:
        with contextlib.suppress(OtherPackingError):
            return _has_zero_in_word(_unpack(packed, path))
        return False

    broken = next((blob.at for blob, found in _each(path, blobs[1:], broken_word, thread_count()) if found), None)
    if broken is not None:
        raise InputError(
            f"{path}: the block at byte {broken} holds a word with a byte that is 0, as no text has; fetch it again"
        )


def _has_zero_in_word(data: npt.NDArray[np.uint8]) -> bool:
    """Whether a word of a block has a byte that is 0; between words these are the lengths of empty ones."""
    start, stop = pbf.outline(data)[:2]
    if not start.size:
        return False
    return bool((data[start[0] : stop[-1]] == 0).sum() > (start[1:] == stop[1:]).sum())


def _walked(path: Path) -> list[Blob]:
    """Return the blocks of a file, the header first."""
    size = path.stat().st_size
    blobs = []
    at = 0
    with files.naming(path), path.open("rb") as file:
        while at < size:
            head = file.read(4)
            length = struct.unpack(">I", head)[0] if len(head) == 4 else 0  # noqa: PLR2004
            if not 0 < length <= _LARGEST_HEADER:
                raise InputError(
                    f"{path}: not a whole .osm.pbf: no block begins at byte {at} of {size}; fetch it again"
                )
            kind, data = _announced(file.read(length))
            if kind is None or at + 4 + length + data > size:
                raise InputError(
                    f"{path}: cut short, or no .osm.pbf: the block at byte {at} of {size} is not whole; fetch it again"
                )
            if at == 0 and kind != b"OSMHeader":
                break
            if (at > 0 and kind != b"OSMData") or data > _LARGEST_BLOB:
                raise InputError(
                    f"{path}: the block at byte {at} claims to be {kind!r} of {data} bytes; only OSMData of at most "
                    f"{_LARGEST_BLOB} bytes can stand there; fetch the file again"
                )
            blobs.append(Blob(at + 4 + length, data, _says(file, at + 4 + length, data)))
            at += 4 + length + data
            file.seek(at)
    if not blobs:
        raise InputError(f"{path}: not an .osm.pbf file (it does not begin with an OSMHeader block); fetch it again")
    return blobs


def _says(file: IO[bytes], start: int, size: int) -> int:
    """Return to how many bytes a block says that it unpacks; as many as it has where it says nothing that is read."""
    at, found = 0, size
    with contextlib.suppress(ValueError):
        for _ in range(_MOST_FIELDS):
            if at >= size:
                break
            file.seek(start + at)
            head = file.read(min(_PEEK, size - at))
            tag, place = _varint(head, 0)
            value, place = _varint(head, place)
            if tag & 7 == _VARINT and tag >> 3 == _RAW_SIZE:
                found = value
            at += place + (value if tag & 7 == _BYTES else 0)
    return found


def _check_budget(path: Path, blobs: Sequence[Blob]) -> None:
    """Refuse a file that unpacks to many times its size, before any of it is unpacked."""
    packed, whole = sum(blob.size for blob in blobs), sum(blob.unpacked for blob in blobs[1:])
    if whole > max(_ALWAYS, _SWELLS * packed):
        raise InputError(
            f"{path}: its {packed} bytes would unpack to {whole}, {whole // max(packed, 1)} times as many; maps unpack "
            f"to two or three times their size, and more than {_SWELLS} times is not read; fetch it again, from a "
            "publisher that you trust"
        )


def unpacked(
    path: Path, blobs: Iterable[Blob], work: Callable[[npt.NDArray[np.uint8]], Result]
) -> Iterator[tuple[Blob, Result]]:
    """Yield what `work` makes of the bytes of each block, in their order; a few blocks are worked on at a time.

    All processors but one work on blocks: the caller, who does something with what is made of them, takes one itself.
    Each step of `work` is short, and a thread more than there are processors would wait for the interpreter, and make
    others wait for it, more often than it helps.

    Raises
    ------
    InputError
        If a block cannot be unpacked, or `work` raises ValueError.
    OtherPackingError
        If a block is packed by lz4.
    """
    return _each(path, blobs, lambda packed: work(_unpack(packed, path)), max(thread_count() - 1, 1))


def _each(
    path: Path, blobs: Iterable[Blob], work: Callable[[bytes], Result], threads: int
) -> Iterator[tuple[Blob, Result]]:
    """Yield what `work` makes of each block as it stands in the file, as `unpacked` does, on so many threads."""
    in_work = 0
    waiting: deque[tuple[Blob, Future[Result]]] = deque()

    def first() -> tuple[Blob, Result]:
        blob, future = waiting.popleft()
        try:
            return blob, future.result()
        except (ValueError, zlib.error) as error:
            raise InputError(
                f"{path}: the block at byte {blob.at} cannot be read ({error}); fetch the file again"
            ) from error

    with files.naming(path), path.open("rb") as file, ThreadPoolExecutor(threads) as pool:
        for blob in blobs:
            file.seek(blob.at)
            waiting.append((blob, pool.submit(work, file.read(blob.size))))
            in_work += blob.unpacked
            while len(waiting) > 2 * threads or (in_work > _AT_ONCE and len(waiting) > 1):
                done = first()
                in_work -= done[0].unpacked
                yield done
        while waiting:
            yield first()


def _announced(header: bytes) -> tuple[bytes | None, int]:
    """Return the kind and size of the data that a block's header announces; None where it is no header."""
    try:
        fields = dict(_fields(header))
    except ValueError:
        return None, 0
    kind, size = fields.get(1), fields.get(3)
    return (kind, size) if isinstance(kind, bytes) and isinstance(size, int) else (None, 0)


def _check_header(path: Path, blob: Blob) -> Box | None:
    """Refuse a file whose header asks readers for what is not known here; return the box that it gives."""
    box = None
    for _, raw in unpacked(path, [blob], lambda raw: raw):
        try:
            header = list(_fields(raw.tobytes()))
            box = _box_of(dict(header).get(_BOX))
            features = [value for field, value in header if field == _REQUIRED]
            required = [value.decode() for value in features if isinstance(value, bytes)]
        except ValueError as error:
            raise InputError(f"{path}: its header cannot be read ({error}); fetch the file again") from error
        if "HistoricalInformation" in required:
            raise InputError(f"{path}: {HISTORY}")
        unknown = [name for name in required if name not in _KNOWN]
        if unknown:
            raise InputError(
                f"{path}: needs a reader that knows {', '.join(unknown)}; write it anew with `osmium cat`, or fetch "
                "another extract"
            )
    return box


def _box_of(message: int | bytes | None) -> Box | None:
    """Return west, south, east and north in degrees: the fields 1 left, 2 right, 3 top, 4 bottom, in nanodegrees."""
    if not isinstance(message, bytes):
        return None
    sides = {field: value for field, value in _fields(message) if isinstance(value, int)}
    left, right, top, bottom = (sides.get(field) for field in (1, 2, 3, 4))
    if left is None or right is None or top is None or bottom is None:
        return None
    west, south, east, north = (((side >> 1) ^ -(side & 1)) / 1e9 for side in (left, bottom, right, top))
    return (west, south, east, north) if west < east and south < north else None


def _unpack(packed: bytes, path: Path) -> npt.NDArray[np.uint8]:
    """Return the bytes in a blob."""
    found = list(itertools.islice(_fields(packed), _MOST_FIELDS + 1))
    if len(found) > _MOST_FIELDS:
        raise ValueError("it has more fields than a block can have")
    fields = dict(found)
    if _LZ4 in fields:
        raise OtherPackingError(path)
    for field, name in _PACKINGS.items():
        if field in fields:
            raise ValueError(f"it is packed by {name}, which is not read here; write the file anew with `osmium cat`")
    raw, data, size = fields.get(_RAW), fields.get(_ZLIB), fields.get(_RAW_SIZE)
    if isinstance(data, bytes) and isinstance(size, int) and raw is None:
        if size > _LARGEST_BLOB:
            raise ValueError(f"it says that it unpacks to {size} bytes, beyond the limit of {_LARGEST_BLOB}")
        raw = _inflated(data, size)
    if not isinstance(raw, bytes):
        raise ValueError("it holds no data")  # noqa: TRY004 - of the file, not of an argument
    return np.frombuffer(raw, np.uint8)


def _inflated(data: bytes, size: int) -> bytes:
    """Return what is packed by zlib, by isal where that is installed: the same bytes in half the time.

    What isal cannot unpack, zlib says why of.
    """
    if isal_zlib is not None:
        with contextlib.suppress(isal_zlib.error):
            inflate = isal_zlib.decompressobj()
            raw: bytes = inflate.decompress(data, size + 1)
            if len(raw) == size and inflate.eof:
                return raw
    plain = zlib.decompressobj()
    raw = plain.decompress(data, size + 1)
    if len(raw) != size or not plain.eof:
        raise ValueError(f"it does not unpack to the {size} bytes that it says")
    return raw


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field of a message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == _BYTES:
            if value > len(data) - at:
                raise ValueError("a field is longer than its block")
            yield tag >> 3, data[at : at + value]
            at += value
        elif tag & 7 == _VARINT:
            yield tag >> 3, value
        else:
            raise ValueError(f"a field is of an unknown type, {tag & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 127) << 7 * i
        if byte < 128:  # noqa: PLR2004
            return value, at + i + 1
    raise ValueError("a number does not end")
