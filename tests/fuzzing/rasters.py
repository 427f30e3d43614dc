"""Rasters of people of every kind that GDAL writes, and changes of what they say of themselves."""

from __future__ import annotations

import struct

import numpy as np
import rasterio

from fuzzing.values import change_bytes

_NORTH_UP = rasterio.Affine(100, 0, 3e5, 0, -100, 6.7e6)
_DEGREES = rasterio.Affine(0.01, 0, 10.0, 0, -0.01, 60.1)
_PEOPLE = np.arange(35).reshape(5, 7)


def _tiff(people=_PEOPLE, *, dtype="float32", crs="EPSG:25833", transform=_NORTH_UP, mask=None, scale=None, **more):
    bands = people[None] if people.ndim == 2 else people
    shape = {"height": bands.shape[1], "width": bands.shape[2], "count": bands.shape[0], "dtype": dtype}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", crs=crs, transform=transform, **shape, **more) as raster:
            raster.write(bands.astype(dtype))
            if mask is not None:
                raster.write_mask(mask)
            if scale is not None:
                raster.scales, raster.offsets = [scale[0]] * len(bands), [scale[1]] * len(bands)
        return memory.read()


def _sparse(side):
    """Return a raster that says that it is large, and holds no pixel."""
    shape = {
        "height": side,
        "width": side,
        "count": 1,
        "dtype": "uint8",
        "tiled": True,
        "blockxsize": 4096,
        "blockysize": 4096,
    }
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", crs="EPSG:25833", transform=_NORTH_UP, SPARSE_OK=True, **shape):
            pass
        return memory.read()


def _overviews():
    large = np.ones((600, 600))
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="COG",
            height=600,
            width=600,
            count=1,
            dtype="float32",
            crs="EPSG:25833",
            transform=_NORTH_UP,
            blocksize=256,
        ) as raster:
            raster.write(large.astype("float32"), 1)
        return memory.read()


def rasters():
    holes = _PEOPLE % 3 > 0
    return [
        _tiff(nodata=-9),
        _tiff(dtype="int16", crs="EPSG:4326", transform=_DEGREES, nodata=-9),
        _tiff(np.stack([_PEOPLE, _PEOPLE + 1])),
        _tiff(dtype="uint8", nodata=255), _tiff(dtype="int8"), _tiff(dtype="uint16"), _tiff(dtype="uint32"), _tiff(dtype="int64"),
        _tiff(dtype="uint64", nodata=2**64 - 1), _tiff(dtype="float64", nodata=float("nan")), _tiff(dtype="complex64"),
        _tiff(np.where(holes, _PEOPLE, np.nan), nodata=float("nan")), _tiff(nbits=16), _tiff(dtype="uint8", nbits=4),
        _tiff(crs=None), _tiff(transform=_NORTH_UP @ rasterio.Affine.rotation(10)), _tiff(transform=rasterio.Affine(100, 0, 3e5, 0, 100, 6.7e6)),
        _tiff(transform=rasterio.Affine(1, 0, 7, 0, -1, 0)), _tiff(mask=holes), _tiff(scale=(0.5, -1.0)), _tiff(scale=(float("nan"), 0.0)),
        _tiff(compress="deflate", predictor=3), _tiff(compress="lzw", tiled=True, blockxsize=16, blockysize=16),
        _tiff(crs="EPSG:3857"), _tiff(crs="ESRI:54009"), _tiff(crs='LOCAL_CS["site",UNIT["metre",1]]'), _tiff(crs="EPSG:4978"),
        _tiff(crs="EPSG:4326", transform=rasterio.Affine(0.01, 0, 190.0, 0, -0.01, 60.1)), _tiff(interleave="pixel", photometric="rgb", people=np.stack([_PEOPLE] * 3)),
        _sparse(5_000), _sparse(300_000), _overviews(),
    ]  # fmt: skip


def change_tiff(rng, data):
    """Change an entry of the directory of a TIFF: its tag, its type, how many values it has, or which; or some bytes."""
    try:
        at = struct.unpack("<4xI", data[:8])[0]
        entries = struct.unpack("<H", data[at : at + 2])[0]
    except struct.error:
        return change_bytes(rng, data)
    where = at + 2 + 12 * rng.randrange(entries or 1)
    if rng.random() < 0.3 or where + 12 > len(data):
        return change_bytes(rng, data)
    tag, kind, count, value = struct.unpack("<HHII", data[where : where + 12])
    other = rng.choice((0, 1, 2, 3, 255, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, value ^ 1, value + 1, count * 2))
    part = rng.randrange(8)
    if part == 0:
        tag = rng.choice((254, 256, 257, 258, 259, 262, 273, 277, 278, 317, 322, 339, 33550, 33922, 34735, 42113))
    elif part == 1:
        kind = rng.randrange(14)
    elif part == 2:
        count = other
    elif part == 3 and kind == 12 and value + 8 * count <= len(data):
        # One of the numbers that the entry points at: of the transform, of the CRS.
        place = value + 8 * rng.randrange(count or 1)
        number = rng.choice((0.0, -1.0, 1e-12, 1e12, 1e308, float("nan"), float("inf"), 5e-324, 180.0, 3e5))
        return data[:place] + struct.pack("<d", number) + data[place + 8 :]
    elif part == 4 and kind == 3 and count > 2 and value + 2 * count <= len(data):
        place = value + 2 * rng.randrange(count)
        number = rng.choice((0, 1, 2, 3, 4326, 25833, 32767, 4978, 5941, 9001, 9102, 1024, 1025, 3072, 65535))
        return data[:place] + struct.pack("<H", number) + data[place + 2 :]
    else:
        value = other
    return data[:where] + struct.pack("<HHII", tag, kind, count % 2**32, value % 2**32) + data[where + 12 :]
